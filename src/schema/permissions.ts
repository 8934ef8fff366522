/** In charge of what a caller may do, as GraphQL tells it. */
import { builder } from "../builder/builder.js";
import { rowScope } from "../protect/type/row-scope.js";
import { callTable } from "./call-function.js";

interface HeldFeature extends Record<string, unknown> {
  readonly feature: string;
  readonly scope: string;
}

const HeldFeatureType = builder.objectRef<HeldFeature>("HeldFeature").implement({
  description: "A feature, and where it is held.",
  fields: (t) => ({
    feature: t.string({
      nullable: false,
      description: "The feature's code.",
      authScopes: rowScope,
      resolve: ({ feature }) => feature,
    }),
    scope: t.string({
      nullable: false,
      description: "The scope as `type/key`. It is held there, and below but where it is denied.",
      authScopes: rowScope,
      resolve: ({ scope }) => scope,
    }),
  }),
});

/** What the caller may do, at one moment. */
export const Permissions = builder.objectRef<object>("Permissions").implement({
  description: "What the caller may do.",
  fields: (t) => ({
    features: t.field({
      type: [HeldFeatureType],
      nullable: false,
      description: "Every feature that he holds, and where.",
      authScopes: rowScope,
      resolve: async (_permissions, _args, { session }) => [
        ...(await callTable<HeldFeature>(session, "features_held", [])),
      ],
    }),
  }),
});
