/** In charge of the Pothos builder: its plugins in order, and the two root types every file adds its fields to. */
import SchemaBuilder from "@pothos/core";
import ScopeAuthPlugin from "@pothos/plugin-scope-auth";
import type { Context } from "./context.js";
import { defaultDeny } from "./default-deny.js";
import { type Scalars, scalarOptions } from "./scalars.js";
import { type FieldScopes, judgeScopes } from "./scopes.js";
import { denied } from "./unauthorized.js";

/** What every GraphQL type of the gateway is built with. */
export type BuilderTypes = {
  readonly Context: Context;
  readonly AuthScopes: FieldScopes;
  readonly DefaultAuthStrategy: "all";
  readonly Scalars: Scalars;
};

/** The one builder. A field without a field scope fails `toSchema` (default-deny.ts). */
export const builder = new SchemaBuilder<BuilderTypes>({
  plugins: [defaultDeny, ScopeAuthPlugin],
  scopeAuth: {
    authScopes: judgeScopes,
    // Two scopes on a field are two conditions; Pothos' own default would take either.
    defaultStrategy: "all",
    authorizeOnSubscribe: true,
    unauthorizedError: (_parent, context, info) => denied(context, info),
  },
});

builder.scalarType("DateTime", scalarOptions.DateTime);
builder.scalarType("Decimal", scalarOptions.Decimal);
builder.scalarType("BigInt", scalarOptions.BigInt);
builder.scalarType("JSON", scalarOptions.JSON);

builder.queryType({
  description: "Everything that can be read. Each field answers under the caller's own row-level security.",
});
builder.subscriptionType({
  description:
    "Everything that can be followed, over server-sent events. Each event is read anew, in a session of its own.",
});
builder.mutationType({
  description: "Everything that can be changed. All fields of one operation commit together, or none does.",
});
