/** In charge of checks: what the caller, or somebody else, holds, and where. */
import { builder } from "../../builder/builder.js";
import { GatewayError } from "../../errors.js";
import { type Check, canLoader } from "../../loaders/can-loader.js";

const mostChecks = 1_000;

const CheckInput = builder.inputRef<Check>("CheckInput").implement({
  description: "One question: is this feature held at this scope?",
  fields: (t) => ({
    feature: t.string({ required: true, description: "The feature's code: `todos.read`." }),
    scope: t.string({ required: true, description: "The scope as `type/key`: `campus/chicago`." }),
  }),
});

const ofWhom = "Of whom, by e-mail or global id; by default the caller. Of others with `iam.explain` at the scope.";
const extensions = { portcullis: { isSingleStatement: true } } as const;

builder.queryFields((t) => ({
  can: t.boolean({
    nullable: false,
    description: "Whether somebody holds a feature at a scope. False for a feature or a scope that doesn't exist here.",
    args: {
      feature: t.arg.string({ required: true, description: "The feature's code: `todos.read`." }),
      scope: t.arg.string({ required: true, description: "The scope as `type/key`: `campus/chicago`." }),
      user: t.arg.string({ description: ofWhom }),
    },
    authScopes: { public: true },
    extensions,
    resolve: (_root, { feature, scope, user }, { session }) =>
      canLoader(session, user ?? null).load({ feature, scope }),
  }),
  canAll: t.booleanList({
    nullable: false,
    description: "Several checks at once, answered in their order.",
    args: {
      checks: t.arg({ type: [CheckInput], required: true, description: `The checks, at most ${mostChecks}.` }),
      user: t.arg.string({ description: ofWhom }),
    },
    authScopes: { public: true },
    extensions,
    resolve: (_root, { checks, user }, { session }) => {
      if (checks.length > mostChecks) throw new GatewayError("BAD_USER_INPUT", `At most ${mostChecks} checks.`);
      const loader = canLoader(session, user ?? null);
      return Promise.all(checks.map((check) => loader.load(check)));
    },
  }),
}));
