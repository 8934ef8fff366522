/** In charge of the menu: the pages that the caller may open. */
import { builder } from "../builder/builder.js";
import { rowScope } from "../protect/type/row-scope.js";
import { callTable } from "./call-function.js";

interface Route extends Record<string, unknown> {
  readonly route: string;
  readonly sort_order: number;
  readonly level: number;
  readonly parent: string | null;
}

const AuthorizedRoute = builder.objectRef<Route>("AuthorizedRoute").implement({
  description: "A page of the menu.",
  fields: (t) => ({
    route: t.string({
      nullable: false,
      description: "The page: `/sales`.",
      authScopes: rowScope,
      resolve: ({ route }) => route,
    }),
    sortOrder: t.int({
      nullable: false,
      description: "Its place among its neighbours.",
      authScopes: rowScope,
      resolve: (row) => row.sort_order,
    }),
    level: t.int({
      nullable: false,
      description: "How deep it stands in the menu; 1 at the top.",
      authScopes: rowScope,
      resolve: ({ level }) => level,
    }),
    parent: t.string({
      description: "The page above it; null at the top.",
      authScopes: rowScope,
      resolve: ({ parent }) => parent,
    }),
  }),
});

builder.queryField("authorizedRoutes", (t) =>
  t.field({
    type: [AuthorizedRoute],
    nullable: false,
    description: "The pages whose feature the caller holds at any scope of his tenant, in the order of a menu.",
    authScopes: { authenticated: true },
    extensions: { portcullis: { isSingleStatement: true } },
    resolve: async (_root, _args, { session }) => [...(await callTable<Route>(session, "authorized_routes", []))],
  }),
);
