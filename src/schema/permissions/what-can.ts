/** In charge of the list of the rows that somebody may read or change. */
import { sql } from "kysely";
import { builder } from "../../builder/builder.js";
import { type Connection, type Edge, edgesAt, nodeAt, nodesAt } from "../../protect/read/connection.js";
import { readPage } from "../../protect/read/read.js";
import type { Row } from "../../protect/resource.js";
import { cursorField, pageFields } from "../../protect/type/list-fields.js";
import { Node, typeKey } from "../../protect/type/node.js";
import { rowScope } from "../../protect/type/row-scope.js";
import { onePage } from "./permitted-users.js";
import { protectedType, RowCommand } from "./protected-row.js";

const PermittedRowEdge = builder.objectRef<Edge>("PermittedRowEdge").implement({
  description: "A row that he may, and its place in the list.",
  fields: (t) => ({
    cursor: cursorField(t),
    node: t.field({
      type: Node,
      nullable: false,
      description: "The row.",
      authScopes: rowScope,
      resolve: (edge, _args, _context, info) =>
        asNode(edge.page.resource.name, nodeAt(edge.row, `${edge.key}.${info.path.key}`)),
    }),
  }),
});

const PermittedRowConnection = builder.objectRef<Connection>("PermittedRowConnection").implement({
  description: "A page of rows that somebody may read or change.",
  fields: (t) => ({
    edges: t.field({
      type: [PermittedRowEdge],
      nullable: false,
      description: "The rows of the page, each with its cursor.",
      authScopes: rowScope,
      resolve: (page, _args, _context, info) => edgesAt(page, info.path.key),
    }),
    nodes: t.field({
      type: [Node],
      nullable: false,
      description: "The rows of the page, for who needs no cursors.",
      authScopes: rowScope,
      resolve: (page, _args, _context, info) =>
        nodesAt(page, info.path.key).map((row) => asNode(page.page.resource.name, row)),
    }),
    ...pageFields(t, { totalCount: "How many such rows the caller may see, on all pages." }),
  }),
});

function asNode(type: string, row: Row): Row {
  return { ...row, [typeKey]: type };
}

builder.queryField("whatCan", (t) =>
  t.field({
    type: PermittedRowConnection,
    nullable: false,
    description:
      "The rows of a type that a user may read, edit or delete, as far as the caller sees them himself and holds `iam.explain` at their scopes; about himself he needs nothing.",
    args: {
      user: t.arg.string({ description: "Whom to ask about, by e-mail or global id; the caller when left out." }),
      type: t.arg.string({ required: true, description: "The type: `Todo`." }),
      command: t.arg({ type: RowCommand, defaultValue: "read", description: "What is to be done with them." }),
      ...onePage,
    },
    authScopes: { authenticated: true },
    extensions: { portcullis: { isSingleStatement: true } },
    resolve: (_root, { user, type, command, ...args }, { session }, info) => {
      const { resource, table } = protectedType(type);
      const ids = sql`select iam.rows_open_to(${table}, ${command ?? "read"}, ${user ?? null})`;
      return readPage(session, info, { resource, args, ids });
    },
  }),
);
