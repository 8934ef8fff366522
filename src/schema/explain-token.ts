/** In charge of the field that says what the gateway makes of a token, for whoever looks after the providers. */
import { sql } from "kysely";
import { builder } from "../builder/builder.js";
import type { TokenExplanation } from "../caller.js";
import { GatewayError } from "../errors.js";
import { readValue } from "../protect/read/read.js";
import { rowScope } from "../protect/type/row-scope.js";

const requires = "iam.providers.read";

const Setting = builder.objectRef<readonly [string, string]>("TokenSetting").implement({
  description: "A setting that the session of such a token would be opened with.",
  fields: (t) => ({
    name: t.string({ nullable: false, description: "Its name.", authScopes: rowScope, resolve: ([name]) => name }),
    value: t.string({
      nullable: false,
      description: "Its value.",
      authScopes: rowScope,
      resolve: ([, value]) => value,
    }),
  }),
});

const Explanation = builder.objectRef<TokenExplanation>("TokenExplanation").implement({
  description: "What the gateway makes of a token.",
  fields: (t) => ({
    provider: t.string({
      description: "The code of the provider whose issuer it names; null where there is none.",
      authScopes: rowScope,
      resolve: ({ provider }) => provider,
    }),
    claims: t.field({
      type: "JSON",
      description: "What it claims, whether it is genuine or not; null where it can't be read.",
      authScopes: rowScope,
      resolve: ({ claims }) => claims,
    }),
    facts: t.field({
      type: "JSON",
      description:
        "Subject, tenant, address, groups and roles as the provider's rules read them; null when it is refused.",
      authScopes: rowScope,
      resolve: ({ facts }) => facts,
    }),
    settings: t.field({
      type: [Setting],
      nullable: false,
      description: "What Postgres would be told; nothing when it is refused.",
      authScopes: rowScope,
      resolve: ({ settings }) => [...settings],
    }),
    rejection: t.string({
      description: "The first rule that refuses it; null when it is accepted.",
      authScopes: rowScope,
      resolve: ({ rejection }) => rejection,
    }),
  }),
});

builder.queryField("explainToken", (t) =>
  t.field({
    type: Explanation,
    nullable: true,
    description: `What the gateway makes of a token. Needs \`${requires}\` at \`global/all\`.`,
    authScopes: { authenticated: true },
    extensions: { portcullis: { features: [requires] } },
    args: { token: t.arg.string({ required: true, description: "The token, without `Bearer`." }) },
    resolve: async (_root, { token }, { session, explainToken }) => {
      if ((await readValue<boolean>(session, sql`iam.can(${requires}, 'global/all')`)) !== true)
        throw new GatewayError("FORBIDDEN", "No permission for this here.", {
          reason: 52109,
          extensions: { requires },
        });
      return explainToken(token);
    },
  }),
);
