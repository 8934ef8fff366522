/** In charge of the Node interface: everything that has a global id. */
import { builder } from "../../builder/builder.js";
import type { Row } from "../resource.js";

/** The interface of every resource's type. A row found by its global id says what it is. */
export const Node = builder.interfaceRef<Row>("Node");

/** Where a row read through `node` keeps the name of its type; the fields never hold that key, GraphQL answers it. */
export const typeKey = "__typename";

Node.implement({
  description: "Something with a global id.",
  resolveType: (row) => String(row[typeKey]),
  fields: (t) => ({
    id: t.id({
      nullable: false,
      description: "The global id: `Type:uuid`.",
      authScopes: { row: true },
      resolve: (row) => String(row["id"]),
    }),
  }),
});
