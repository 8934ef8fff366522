/** In charge of a list as GraphQL answers it: from what the statement gave to edges, nodes and page info. */
import type { Resource, Row } from "../resource.js";
import type { Aggregates } from "./aggregate.js";
import { encodeCursor } from "./cursor.js";
import { type Page, type PageArguments, pageOf } from "./page.js";
import { type NodePath, type PageResult, type PageRow, placeKey } from "./select-page.js";

/** One page of a list. */
export interface Connection {
  readonly page: Page;
  readonly rows: readonly PageRow[];
  readonly totalCount: number;
  readonly aggregates: Aggregates;
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
}

/** One row of a page, with the name its edge was asked under. */
export interface Edge {
  readonly page: Page;
  readonly row: PageRow;
  readonly key: string;
}

/** Puts a page together. The row too many is cut off and told as a next (or previous) page. */
export function connectionOf(resource: Resource, args: PageArguments, result: unknown): Connection {
  const {
    rows: found = [],
    total = 0,
    aggregates = {},
    isAfterStart = false,
    isBeforeEnd = false,
  } = (result ?? {}) as PageResult;
  const page = pageOf(resource, args);
  const hasMore = found.length > page.size;
  const rows = found.slice(0, page.size);
  return {
    page,
    rows: page.isBackward ? rows.reverse() : rows,
    totalCount: total,
    aggregates,
    hasNextPage: page.isBackward ? isBeforeEnd : hasMore || isBeforeEnd,
    hasPreviousPage: page.isBackward ? hasMore || isAfterStart : isAfterStart,
  };
}

type Key = string | number;

/** The edges of a page, asked under this name. */
export function edgesAt({ page, rows }: Connection, key: Key): Edge[] {
  return rows.map((row) => ({ page, row, key: String(key) }));
}

/** The nodes of a page without their edges, asked under this name. */
export function nodesAt({ rows }: Connection, key: Key): Row[] {
  return rows.map((row) => nodeAt(row, String(key)));
}

/** The node of a row under the path it was asked at. */
export function nodeAt(row: PageRow, path: NodePath): Row {
  return row[path] as Row;
}

/** The cursor of a row. */
export function cursorOf(page: Page, row: PageRow): string {
  return encodeCursor(page.resource, page.terms, row[placeKey]);
}
