/** In charge of a list in SQL: one page of rows with one row more, to know whether there is a next; and the rest only when asked. */
import { sql } from "kysely";
import type { Resource } from "../resource.js";
import { existsVisible, findReasons, firstVisible, ofVisible, reasonsToSee } from "./access-path.js";
import { type Aggregates, selectAggregates } from "./aggregate.js";
import { type AskedType, askedOf, type Compilation, objectType, tableOf } from "./compilation.js";
import type { Position } from "./cursor.js";
import type { Match } from "./field-plan.js";
import { matches } from "./filter.js";
import { comparable } from "./guard.js";
import { isAfter, isAt, isBefore, type Place } from "./keyset.js";
import { orderBy, reversed } from "./order.js";
import { type Page, type PageArguments, pageOf } from "./page.js";
import { type SelectedField, selectedFields } from "./selection.js";
import { allOf, anyOf, jsonObject, rowSource, type Source, type Sql } from "./sql.js";

/** A page of rows of a resource below a parent, or of all its rows. */
export interface PageQuery extends AskedType {
  readonly resource: Resource;
  readonly match?: Match;
  readonly parent: Source;
  readonly args: PageArguments;
}

/** The key under which the nodes of one path stand in each row: `nodes`, or `edges.node`, or whatever they were called. */
export type NodePath = string;

/** The key of a row's place in the order: no GraphQL name, so that no alias meets it. */
export const placeKey = "@";

/** One row of a page: its place, said where a field of its edge or a cursor of the page was asked, and its nodes by path. */
export type PageRow = Readonly<Record<NodePath, unknown>> & { readonly [placeKey]: Position };

/** What the statement gives for a list; connection.ts reads it. */
export interface PageResult {
  readonly rows?: readonly PageRow[];
  readonly total?: number;
  readonly aggregates?: Aggregates;
  readonly isAfterStart?: boolean;
  readonly isBeforeEnd?: boolean;
}

/** A page as a JSON object, a PageResult. */
export function selectPage(compilation: Compilation, query: PageQuery): Sql {
  const page = pageOf(query.resource, query.args);
  const fields = selectedFields(compilation.operation, query.type, query.nodes);
  const asked = new Set(fields.map(({ definition }) => definition.name));
  const pairs: [string, Sql][] = [];
  if (asked.has("edges") || asked.has("nodes") || asked.has("pageInfo")) {
    const nodes = askedNodes(compilation, query, fields);
    pairs.push(["rows", selectRows(compilation, query, { page, nodes, isPlaced: asksPlaces(compilation, fields) })]);
  }
  if (asked.has("totalCount")) pairs.push(["total", selectCount(compilation, query, page)]);
  const aggregates = fields.filter(({ definition }) => definition.name === "aggregates");
  if (aggregates.length > 0)
    pairs.push(["aggregates", selectAllRows(compilation, query, { page, fields: aggregates })]);
  if (asked.has("pageInfo")) pairs.push(...selectNeighbours(compilation, query, page));
  const answer = sql`select ${jsonObject(pairs)}`;
  const isWhole = asked.has("totalCount") || aggregates.length > 0;
  return hasPath(query) ? sql`(with ${findReasons(query.resource, isWhole)} ${answer})` : sql`(${answer})`;
}

// Below a parent its rows are few, and an index finds them.
function hasPath({ resource, match }: PageQuery): boolean {
  return match === undefined && reasonsToSee(resource) !== null;
}

interface Rows {
  readonly page: Page;
  readonly nodes: ReadonlyMap<NodePath, AskedType>;
  /** Whether each row says its place. */
  readonly isPlaced: boolean;
}

function selectRows(compilation: Compilation, query: PageQuery, { page, nodes, isPlaced }: Rows): Sql {
  const alias = compilation.nextAlias();
  const row = rowSource(alias);
  const below = within(compilation, page);
  const used = new Set<string>();
  const found: Source = (column) => {
    used.add(column);
    return row(column);
  };
  const objects = [...nodes].map(([path, asked]) => [path, below.selectObject(below, asked, found)] as const);
  const place = isPlaced ? [[placeKey, placeOf(page, found)] as const] : [];
  const item = jsonObject([...place, ...objects]);
  const terms = page.isBackward ? reversed(page.terms) : page.terms;
  const wanted = {
    where: (one: Source): Sql =>
      allOf([
        ...conditions(query, page, one),
        ...(page.after ? [isAfter(page.after, one)] : []),
        ...(page.before ? [isBefore(page.before, one)] : []),
      ]),
    order: (one: Source): Sql => orderBy(query.resource, terms, one),
    leading: terms[0],
    limit: page.size + 1,
  };
  const [from, where] = hasPath(query)
    ? [sql`${firstVisible(compilation, query.resource, wanted)} as ${sql.id(alias)}`, sql`true`]
    : [tableOf(query.resource, alias), wanted.where(row)];
  const columns = sql.join([...used].map((column) => row(column)));
  // As a literal: the plan, which is made once, must know how few rows are wanted.
  const rows = sql`select ${columns} from ${from} where ${where} order by ${wanted.order(row)} limit ${sql.lit(wanted.limit)}`;
  // Above the rows, since Postgres would make an item of each that it sorts.
  return sql`(select coalesce(json_agg(${item}), '[]'::json) from (${rows}) as ${sql.id(alias)})`;
}

// What stands below a list runs once per row of it.
function within(compilation: Compilation, { size }: Page): Compilation {
  const rows = compilation.rowsAbove * size;
  compilation.spend("rows", rows);
  return { ...compilation, rowsAbove: Math.max(rows, 1) };
}

function placeOf({ resource, terms }: Page, row: Source): Sql {
  return sql`json_build_array(${sql.join(terms.map(({ column }) => sql`${comparable(resource, column, row)}::text`))})`;
}

function selectCount(compilation: Compilation, query: PageQuery, page: Page): Sql {
  const where = (row: Source): Sql => allOf(conditions(query, page, row));
  if (hasPath(query)) return ofVisible(compilation, query.resource, { where, made: () => sql`count(*)` });
  const alias = compilation.nextAlias();
  return sql`(select count(*) from ${tableOf(query.resource, alias)} where ${where(rowSource(alias))})`;
}

function selectAllRows(
  compilation: Compilation,
  query: PageQuery,
  { page, fields }: { readonly page: Page; readonly fields: readonly SelectedField[] },
): Sql {
  const { resource } = query;
  const where = (row: Source): Sql => allOf(conditions(query, page, row));
  const made = (row: Source): Sql => selectAggregates(compilation, { resource, fields }, row);
  if (hasPath(query)) return ofVisible(compilation, resource, { where, made });
  const alias = compilation.nextAlias();
  const row = rowSource(alias);
  return sql`(select ${made(row)} from ${tableOf(resource, alias)} where ${where(row)})`;
}

// Only a cursor leaves something behind itself; without one the list begins where the page does.
function selectNeighbours(compilation: Compilation, query: PageQuery, page: Page): readonly [string, Sql][] {
  const exists = (place: Place, isBeyond: typeof isAfter): Sql => {
    const where = (row: Source): Sql =>
      allOf([...conditions(query, page, row), anyOf([isAt(place, row), isBeyond(place, row)])]);
    if (hasPath(query)) return existsVisible(compilation, query.resource, where);
    const alias = compilation.nextAlias();
    return sql`exists (select from ${tableOf(query.resource, alias)} where ${where(rowSource(alias))})`;
  };
  return [
    ...(page.after ? [["isAfterStart", exists(page.after, isBefore)] as [string, Sql]] : []),
    ...(page.before ? [["isBeforeEnd", exists(page.before, isAfter)] as [string, Sql]] : []),
  ];
}

function conditions({ resource, match, parent }: PageQuery, { filter }: Page, row: Source): readonly Sql[] {
  return [...(match ? [match(row, parent)] : []), ...(filter ? [matches(resource, filter, row)] : [])];
}

// Cursors are made of places, and so is what else stands on an edge: a list of plain nodes is spared them.
function asksPlaces({ operation }: Compilation, fields: readonly SelectedField[]): boolean {
  const asked = (name: string): readonly string[] =>
    fields
      .filter(({ definition }) => definition.name === name)
      .flatMap((field) => {
        const { type, nodes } = askedOf(field);
        return selectedFields(operation, type, nodes).map(({ definition }) => definition.name);
      });
  return (
    asked("edges").some((name) => name !== "node") ||
    asked("pageInfo").some((name) => name === "startCursor" || name === "endCursor")
  );
}

// The nodes of a list may be asked as the interface that they share: what a row is, is known.
function askedNodes(
  { operation }: Compilation,
  { resource }: PageQuery,
  fields: readonly SelectedField[],
): ReadonlyMap<NodePath, AskedType> {
  const type = objectType(operation, resource.name);
  const found = new Map<NodePath, AskedType>();
  for (const field of fields) {
    if (field.definition.name === "nodes") found.set(field.key, { type, nodes: field.nodes });
    if (field.definition.name !== "edges") continue;
    const edge = askedOf(field);
    for (const inner of selectedFields(operation, edge.type, edge.nodes)) {
      if (inner.definition.name === "node") found.set(`${field.key}.${inner.key}`, { type, nodes: inner.nodes });
    }
  }
  return found;
}
