/** In charge of the types of a list: connection, edge and page info, each field with its scope. */
import { builder } from "../../builder/builder.js";
import { type Connection, cursorOf, type Edge, nodeAt } from "../read/connection.js";
import type { Resource } from "../resource.js";
import { aggregatesType } from "./aggregates-type.js";
import { spoken } from "./describe.js";
import { rowScope } from "./row-scope.js";

/** Where a page stands in its list, whatever it lists. */
export const PageInfo = builder.objectRef<Connection>("PageInfo").implement({
  description: "Where a page stands in its list.",
  fields: (t) => ({
    hasNextPage: t.boolean({
      nullable: false,
      description: "True when rows follow this page.",
      authScopes: rowScope,
      resolve: (page) => page.hasNextPage,
    }),
    hasPreviousPage: t.boolean({
      nullable: false,
      description: "True when rows precede this page.",
      authScopes: rowScope,
      resolve: (page) => page.hasPreviousPage,
    }),
    startCursor: t.string({
      description: "The cursor of the page's first row.",
      authScopes: rowScope,
      resolve: ({ page, rows }) => cursorAt(page, rows.at(0)),
    }),
    endCursor: t.string({
      description: "The cursor of the page's last row.",
      authScopes: rowScope,
      resolve: ({ page, rows }) => cursorAt(page, rows.at(-1)),
    }),
  }),
});

function cursorAt(page: Connection["page"], row: Connection["rows"][number] | undefined): string | null {
  return row ? cursorOf(page, row) : null;
}

type ConnectionType = ReturnType<typeof builder.objectRef<Connection>>;
const connectionTypes = new Map<string, ConnectionType>();

/** The connection of a resource; made once. */
export function connectionType(resource: Resource): ConnectionType {
  const known = connectionTypes.get(resource.name);
  if (known) return known;
  const type = builder.objectRef<Connection>(`${resource.name}Connection`);
  connectionTypes.set(resource.name, type);
  const words = spoken(resource.plural);
  const [Edge, Aggregates] = [edgeType(resource), aggregatesType(resource)];
  type.implement({
    description: `A page of ${words}.`,
    fields: (t) => ({
      edges: t.field({
        type: [Edge],
        nullable: false,
        description: "The rows of the page, each with its cursor.",
        authScopes: rowScope,
        resolve: ({ page, rows }, _args, _context, info) =>
          rows.map((row) => ({ page, row, key: String(info.path.key) })),
      }),
      nodes: t.field({
        type: [resource.type],
        nullable: false,
        description: "The rows of the page, for who needs no cursors.",
        authScopes: rowScope,
        resolve: ({ rows }, _args, _context, info) => rows.map((row) => nodeAt(row, String(info.path.key))),
      }),
      pageInfo: t.field({
        type: PageInfo,
        nullable: false,
        description: "Where the page stands.",
        authScopes: rowScope,
        resolve: (page) => page,
      }),
      totalCount: t.int({
        nullable: false,
        description: `How many ${words} the caller may see that match the filter, on all pages.`,
        authScopes: rowScope,
        resolve: ({ totalCount }) => totalCount,
      }),
      aggregates: t.field({
        type: Aggregates,
        nullable: false,
        description: `What is true of all ${words} that the caller may see and that match the filter, on all pages.`,
        authScopes: rowScope,
        resolve: ({ aggregates }) => aggregates,
      }),
    }),
  });
  return type;
}

function edgeType(resource: Resource) {
  const words = spoken(resource.singular);
  return builder.objectRef<Edge>(`${resource.name}Edge`).implement({
    description: `A ${words} and its place in the list.`,
    fields: (t) => ({
      cursor: t.string({
        nullable: false,
        description: "The place, for after and before.",
        authScopes: rowScope,
        resolve: ({ page, row }) => cursorOf(page, row),
      }),
      node: t.field({
        type: resource.type,
        nullable: false,
        description: `The ${words}.`,
        authScopes: rowScope,
        resolve: ({ row, key }, _args, _context, info) => nodeAt(row, `${key}.${info.path.key}`),
      }),
    }),
  });
}
