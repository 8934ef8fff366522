/** In charge of the list of everybody who holds a feature at a scope. */
import { sql } from "kysely";
import { builder } from "../../builder/builder.js";
import { onePage, PermittedUserConnection, readPermitted } from "./permitted-users.js";

builder.queryField("whoCan", (t) =>
  t.field({
    type: PermittedUserConnection,
    nullable: false,
    description: "Everybody who holds a feature at a scope, the newest user first. Needs `iam.explain` there.",
    args: {
      feature: t.arg.string({ required: true, description: "The feature's code: `todos.read`." }),
      scope: t.arg.string({ required: true, description: "The scope as `type/key`: `campus/chicago`." }),
      ...onePage,
    },
    authScopes: { authenticated: true },
    extensions: { portcullis: { features: ["iam.explain"] } },
    resolve: (_root, { feature, scope, ...args }, { session }, info) =>
      readPermitted(session, info, {
        permitted: {
          ids: sql`select iam.users_who_can(${feature}, ${scope})`,
          chainsOf: (ids) => sql`select user_id, chain from iam.how_they_can(${ids}::uuid[], ${feature}, ${scope})`,
        },
        args,
      }),
  }),
);
