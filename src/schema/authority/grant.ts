/** In charge of handing out and taking back: roles and features, to users and groups, at scopes. */
import { builder } from "../../builder/builder.js";
import { rowScope } from "../../protect/type/row-scope.js";
import { grant } from "../../resources/grant.js";
import { callFunction } from "../call-function.js";
import {
  featureArgument,
  functionArguments,
  optional,
  period,
  required,
  roleArgument,
  scopeArgument,
} from "./arguments.js";
import { addAuthorityMutations, changesAuthority, inputArgument, payloadName } from "./authority-mutation.js";

const at = { ...scopeArgument, description: "Where, and everywhere below: `type/key`, or a global id." };
const grantee = {
  user: optional("String", "To this user, by email or global id. Either a user or a group.", "user"),
  group: optional("String", "To the members of this group, by name or global id. Either a user or a group.", "group"),
} as const;

addAuthorityMutations({
  grantRole: {
    description:
      "Gives a role at a scope. Refused when it gives anything that the caller doesn't hold there, for as long.",
    calls: "grant_role",
    input: { role: roleArgument, ...grantee, scope: at, ...period },
    answers: grant,
  },
  grantFeature: {
    description:
      "Gives a feature at a scope, or denies it to a user. Refused when the caller doesn't hold it there, for as long.",
    calls: "grant_feature",
    input: {
      feature: featureArgument,
      effect: optional("GrantEffect", "Whether to give it (default) or to deny it; a deny is for a user only."),
      ...grantee,
      scope: at,
      ...period,
    },
    answers: grant,
  },
});

const revokeInput = { id: required("ID", "The grant, by global id.", "grant") };

const RevokeGrantPayload = builder.objectRef<{ readonly revoked: boolean }>(payloadName("revokeGrant")).implement({
  description: "What revoke grant has done.",
  fields: (t) => ({
    revoked: t.boolean({
      nullable: false,
      description: "True when the grant was there and is no more.",
      authScopes: rowScope,
      resolve: ({ revoked }) => revoked,
    }),
  }),
});

builder.mutationField("revokeGrant", (t) =>
  t.field({
    ...changesAuthority,
    type: RevokeGrantPayload,
    description: "Ends a grant at once. Needs `iam.grants.delete` at its scope; ending a deny needs what it held back.",
    args: { input: t.arg(inputArgument("revokeGrant", revokeInput)) },
    resolve: async (_root, { input }, { session }) => ({
      revoked: await callFunction<boolean>(session, "revoke", functionArguments(revokeInput, input)),
    }),
  }),
);
