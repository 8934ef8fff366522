/** In charge of handing out and taking back: roles and features, to users and groups, at scopes. */
import { builder } from "../builder/builder.js";
import { enumType } from "../protect/type/leaf-type.js";
import { payloadType } from "../protect/type/payload-type.js";
import { rowScope } from "../protect/type/row-scope.js";
import { grant } from "../resources/grant.js";
import { callAndRead, changesAuthority } from "./authority-mutation.js";
import { callFunction, moment } from "./call-function.js";

const GrantRoleInput = builder.inputType("GrantRoleInput", {
  description: "Which role to give, to whom, where and for how long.",
  fields: (t) => ({
    role: t.string({ required: true, description: "The role, by code or global id." }),
    user: t.string({ description: "To this user, by email or global id. Either a user or a group." }),
    group: t.string({ description: "To the members of this group, by name or global id. Either a user or a group." }),
    scope: t.string({ required: true, description: "Where, and everywhere below: `type/key` or a global id." }),
    from: t.field({ type: "DateTime", description: "From when on (default now)." }),
    until: t.field({ type: "DateTime", description: "Until when (default without end)." }),
  }),
});

const GrantFeatureInput = builder.inputType("GrantFeatureInput", {
  description: "Which feature to give or to deny, to whom, where and for how long.",
  fields: (t) => ({
    feature: t.string({ required: true, description: "The feature, by code or global id." }),
    effect: t.field({
      type: enumType("GrantEffect"),
      description: "Whether to give it (default) or to deny it; a deny is for a user only.",
    }),
    user: t.string({ description: "To this user, by email or global id. Either a user or a group." }),
    group: t.string({ description: "To the members of this group, by name or global id. Either a user or a group." }),
    scope: t.string({ required: true, description: "Where, and everywhere below: `type/key` or a global id." }),
    from: t.field({ type: "DateTime", description: "From when on (default now)." }),
    until: t.field({ type: "DateTime", description: "Until when (default without end)." }),
  }),
});

const RevokeGrantInput = builder.inputType("RevokeGrantInput", {
  description: "Which grant to end.",
  fields: (t) => ({ id: t.id({ required: true, description: "Its global id." }) }),
});

const RevokeGrantPayload = builder.objectRef<{ readonly revoked: boolean }>("RevokeGrantPayload").implement({
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

builder.mutationFields((t) => ({
  grantRole: t.field({
    ...changesAuthority,
    type: payloadType("GrantRolePayload", grant),
    description: "Gives a role at a scope. Refused when it gives anything that the caller doesn't hold there.",
    args: { input: t.arg({ type: GrantRoleInput, required: true, description: "What to give." }) },
    resolve: (_root, { input: { from, until, ...names } }, context, info) =>
      callAndRead(context, info, ["grant_role", { ...names, valid_from: moment(from), valid_until: moment(until) }]),
  }),
  grantFeature: t.field({
    ...changesAuthority,
    type: payloadType("GrantFeaturePayload", grant),
    description: "Gives a feature at a scope, or denies it to a user. Refused when the caller doesn't hold it there.",
    args: { input: t.arg({ type: GrantFeatureInput, required: true, description: "What to give." }) },
    resolve: (_root, { input: { from, until, ...names } }, context, info) =>
      callAndRead(context, info, ["grant_feature", { ...names, valid_from: moment(from), valid_until: moment(until) }]),
  }),
  revokeGrant: t.field({
    ...changesAuthority,
    type: RevokeGrantPayload,
    description: "Ends a grant at once.",
    args: { input: t.arg({ type: RevokeGrantInput, required: true, description: "Which grant." }) },
    resolve: async (_root, { input }, { session }) => ({
      revoked: await callFunction<boolean>(session, "revoke", { grant: String(input.id) }),
    }),
  }),
}));
