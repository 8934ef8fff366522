/** In charge of checks: what the caller holds, and where. */
import { builder } from "../builder/builder.js";
import { GatewayError } from "../errors.js";
import { type Check, canLoader } from "../loaders/can-loader.js";

const mostChecks = 100;

const CheckInput = builder.inputRef<Check>("CheckInput").implement({
  description: "One question: does the caller hold this feature at this scope?",
  fields: (t) => ({
    feature: t.string({ required: true, description: "The feature's code: `todos.read`." }),
    scope: t.string({ required: true, description: "The scope as `type/key`: `campus/chicago`." }),
  }),
});

const extensions = { portcullis: { isSingleStatement: true } } as const;

builder.queryFields((t) => ({
  can: t.boolean({
    nullable: false,
    description:
      "Whether the caller holds a feature at a scope. False for a feature or a scope that is unknown to him.",
    args: {
      feature: t.arg.string({ required: true, description: "The feature's code: `todos.read`." }),
      scope: t.arg.string({ required: true, description: "The scope as `type/key`: `campus/chicago`." }),
    },
    authScopes: { public: true },
    extensions,
    resolve: (_root, check, { session }) => canLoader(session).load(check),
  }),
  canAll: t.booleanList({
    nullable: false,
    description: "Several checks at once, answered in their order.",
    args: { checks: t.arg({ type: [CheckInput], required: true, description: `The checks, at most ${mostChecks}.` }) },
    authScopes: { public: true },
    extensions,
    resolve: (_root, { checks }, { session }) => {
      if (checks.length > mostChecks) throw new GatewayError("BAD_USER_INPUT", `At most ${mostChecks} checks.`);
      return Promise.all(checks.map((check) => canLoader(session).load(check)));
    },
  }),
}));
