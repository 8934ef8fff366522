/** In charge of the mutations of API keys. A secret is made here and shown once; the database gets to know its hash only. */
import { sql } from "kysely";
import { mintPublicId, mintSecret } from "../../api-key.js";
import { builder } from "../../builder/builder.js";
import type { Session } from "../../database/session.js";
import { carry } from "../../protect/read/field-plan.js";
import { readObject, readValue, sameId } from "../../protect/read/read.js";
import { typed, valueSource } from "../../protect/read/sql.js";
import type { Row } from "../../protect/resource.js";
import { rowScope } from "../../protect/type/row-scope.js";
import { apiKey } from "../../resources/api-key.js";
import { callFunction, type FunctionArgument } from "../call-function.js";
import { type Arguments, functionArguments, optional, required } from "./arguments.js";
import { addAuthorityMutations, changesAuthority, inputArgument, payloadName } from "./authority-mutation.js";

const keyArgument = required("ID", "The API key, by global id.", "key");
const featuresArgument = required("Strings", "The features, by code or global id.");
const scopeOfKey = optional(
  "String",
  "Where: `type/key`, or the global id of a scope (default the tenant's root).",
  "scope",
);

// No alias of a client can be spelt like this.
const shownOnce = Symbol("secret");
type WithSecret = Row & { readonly [shownOnce]: string };

addSecretMutation("createApiKey", {
  description:
    "Makes an API key. It does what its owner may and it was given, and no more at any time. A key of another member needs `iam.api_keys.create`, all that he holds, and what the key is given.",
  calls: "create_api_key",
  input: {
    name: required("String", "What it is for."),
    features: featuresArgument,
    scope: scopeOfKey,
    expiresAt: optional("DateTime", "When it ends (default never)."),
    user: optional("String", "Whose key it is, by email or global id (default the caller's own).", "user"),
  },
  isNew: true,
});

addSecretMutation("rotateApiKey", {
  description:
    "Gives an API key another secret. For a key of somebody else it needs `iam.api_keys.update`, and all that the key and its owner hold.",
  calls: "rotate_api_key",
  input: {
    id: keyArgument,
    overlapSeconds: optional("Int", "How long the old secret is accepted still, at most a week (default not at all)."),
  },
  isNew: false,
});

addAuthorityMutations({
  updateApiKey: {
    description: "Renames an API key or sets its end. A later end of somebody else's key needs all that it was given.",
    calls: "update_api_key",
    input: {
      id: keyArgument,
      name: optional("String", "Its new name."),
      expiresAt: optional("DateTime", "Its new end."),
    },
    answers: apiKey,
  },
  revokeApiKey: {
    description: "Ends an API key from now on, everywhere. For a key of somebody else it needs `iam.api_keys.delete`.",
    calls: "revoke_api_key",
    input: { id: keyArgument },
    answers: apiKey,
  },
  grantToApiKey: {
    description:
      "Gives an API key features at a scope and everything below it. For a key of somebody else it needs `iam.api_keys.update` and the features themselves.",
    calls: "grant_to_api_key",
    input: { id: keyArgument, features: featuresArgument, scope: scopeOfKey },
    answers: apiKey,
  },
  revokeFromApiKey: {
    description: "Takes features from an API key at the scope where they were given.",
    calls: "revoke_from_api_key",
    input: { id: keyArgument, features: featuresArgument, scope: scopeOfKey },
    answers: apiKey,
  },
});

interface SecretMutation {
  readonly description: string;
  readonly calls: string;
  readonly input: Arguments;
  /** Whether it makes the key, and so its public name. */
  readonly isNew: boolean;
}

function addSecretMutation(name: string, { description, calls, input, isNew }: SecretMutation): void {
  builder.mutationField(name, (t) =>
    t.field({
      ...changesAuthority,
      type: secretPayload(name),
      description,
      args: { input: t.arg(inputArgument(name, input)) },
      resolve: async (_root, args, { session }, info) => {
        const { secretHash, keyFor } = mintSecret();
        const minted = isNew ? mintPublicId() : null;
        const made: readonly FunctionArgument[] = [
          { name: "secret_hash", value: secretHash, type: "text" },
          { name: "public_id", value: minted, type: "text" },
        ];
        const id = await callFunction(session, calls, [...functionArguments(input, args.input), ...made]);
        const publicId = minted ?? (await publicIdOf(session, id));
        return { ...(await readObject(session, info, valueSource({ id }))), [shownOnce]: keyFor(publicId) };
      },
    }),
  );
}

async function publicIdOf(session: Session, id: string): Promise<string> {
  const publicId = await readValue<string>(session, sql`iam.public_id_of(${typed(id, "uuid")})`);
  if (publicId === null) throw new TypeError("A rotated API key has no public name.");
  return publicId;
}

function secretPayload(name: string) {
  return builder.objectRef<WithSecret>(payloadName(name)).implement({
    description: "An API key, and the only sight of its secret.",
    fields: (t) => ({
      apiKey: t.field({
        type: apiKey.type,
        nullable: true,
        description: "The key as it is now. Null when the caller may not see it.",
        authScopes: rowScope,
        extensions: carry({ kind: "one", resource: apiKey, match: sameId }),
        resolve: (row, _args, _context, info) => row[info.path.key] as Row | null,
      }),
      secret: t.string({
        nullable: false,
        description: "The whole key, for the header `x-api-key`. It is stored nowhere: keep it now.",
        authScopes: rowScope,
        resolve: (row) => row[shownOnce],
      }),
    }),
  });
}
