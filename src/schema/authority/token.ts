/** In charge of the mutations of one-time tokens: made and shown once, looked at, used once or revoked. */
import { builder } from "../../builder/builder.js";
import { hashOfTokenSecret, mintTokenSecret } from "../../one-time-token.js";
import { carry } from "../../protect/read/field-plan.js";
import { readObject, sameId } from "../../protect/read/read.js";
import { valueSource } from "../../protect/read/sql.js";
import type { Resource, Row } from "../../protect/resource.js";
import { payloadType } from "../../protect/type/payload-type.js";
import { rowScope } from "../../protect/type/row-scope.js";
import { tenant } from "../../resources/tenant.js";
import { token } from "../../resources/token.js";
import { callFunction, type FunctionArgument } from "../call-function.js";
import { functionArguments, optional, required } from "./arguments.js";
import { addAuthorityMutations, changesAuthority, inputArgument, payloadName } from "./authority-mutation.js";

const shownOnce = Symbol("secret");
type WithSecret = Row & { readonly [shownOnce]: string };

const createInput = {
  purpose: optional("String", "`invitation` (default) or `verification`."),
  user: optional("String", "Who may use it, by email or global id; a member of the tenant.", "user"),
  email: optional("String", "Who may use it: whoever has this address."),
  role: optional("String", "What an invitation gives, by code or global id."),
  scope: optional("String", "Where it gives that: `type/key`, or a global id (default the tenant's root)."),
  expiresAt: optional("DateTime", "When it ends (default in seven days)."),
} as const;
const secretInput = { secret: required("String", "The token, as `createToken` showed it.") } as const;

const CreateTokenPayload = builder.objectRef<WithSecret>(payloadName("createToken")).implement({
  description: "A one-time token, and the only sight of its secret.",
  fields: (t) => ({
    token: t.field({
      type: token.type,
      nullable: true,
      description: "The token as it is now. Null when the caller may not see it.",
      authScopes: rowScope,
      extensions: carry({ kind: "one", resource: token, match: sameId }),
      resolve: (row, _args, _context, info) => row[info.path.key] as Row | null,
    }),
    secret: t.string({
      nullable: false,
      description: "What its user shows. It is stored nowhere: send it now.",
      authScopes: rowScope,
      resolve: (row) => row[shownOnce],
    }),
  }),
});

builder.mutationField("createToken", (t) =>
  t.field({
    ...changesAuthority,
    type: CreateTokenPayload,
    description:
      "Makes a one-time token, bound to a user or an address: an invitation to become a member, with a role if one is given, or a verification. Needs `iam.users.create`; for a role `iam.grants.create` at its scope and all that it gives, now and when it is used.",
    args: { input: t.arg(inputArgument("createToken", createInput)) },
    resolve: async (_root, args, { session }, info) => {
      const secret = mintTokenSecret();
      const given = [...functionArguments(createInput, args.input), hashArgument(secret)];
      const id = await callFunction(session, "create_token", given);
      return { ...(await readObject(session, info, valueSource({ id }))), [shownOnce]: secret };
    },
  }),
);

addUse("validateToken", "validate_token", {
  description: "Tells the one it is bound to that a token could be used, and leaves it as it is.",
  answers: token,
});
addUse("useToken", "use_token", {
  description: "Uses a token up. An invitation makes the caller a member of its tenant.",
  answers: tenant,
});

addAuthorityMutations({
  revokeToken: {
    description:
      "Ends a one-time token that was not used yet. Who made it may; for a token of somebody else it needs `iam.users.create`.",
    calls: "revoke_token",
    input: { id: required("ID", "The token, by global id.", "token") },
    answers: token,
  },
});

function addUse(
  name: string,
  calls: string,
  { description, answers }: { readonly description: string; readonly answers: Resource },
): void {
  builder.mutationField(name, (t) =>
    t.field({
      ...changesAuthority,
      type: payloadType(payloadName(name), answers),
      description,
      args: { input: t.arg(inputArgument(name, secretInput)) },
      resolve: async (_root, args, { session }, info) => {
        const id = await callFunction(session, calls, [hashArgument(args.input["secret"] ?? "")]);
        return readObject(session, info, valueSource({ id }));
      },
    }),
  );
}

function hashArgument(secret: string): FunctionArgument {
  return { name: "secret_hash", value: hashOfTokenSecret(secret), type: "text" };
}
