/** In charge of the field that says why: the chain by which somebody holds a feature at a scope, or what is missing. */
import { builder } from "../../builder/builder.js";
import { rowScope } from "../../protect/type/row-scope.js";
import { callFunction } from "../call-function.js";
import { ChainLink, type Link } from "./chain.js";

interface Held {
  readonly feature: string;
  readonly scope: string;
  readonly via: string;
}

interface Explained {
  readonly allowed: boolean;
  readonly reason: keyof typeof reasons;
  readonly chain: readonly Link[];
  readonly missing?: string | null;
  readonly nearest?: Held | null;
  readonly denies: readonly Held[];
}

const reasons = {
  ALLOWED: { description: "It is held." },
  DENIED_BY_GRANT: { description: "A deny-grant covers it, and a deny wins." },
  NOT_HELD: { description: "Nothing gives it." },
  EXPIRED: { description: "A grant, or a membership of a group, gave it and is over." },
  NOT_YET: { description: "A grant, or a membership of a group, will give it and has not begun." },
  GROUP_INACTIVE: { description: "A group gives it, and it or one on the way to it is not active." },
  USER_INACTIVE: { description: "The user is not active." },
  USER_LOCKED: { description: "The user is locked." },
  MEMBER_INACTIVE: { description: "The user is no active member of the tenant, or the tenant is not active." },
  KEY_NOT_GIVEN: { description: "The API key was not given it." },
  ACTOR_NOT_ALLOWED: { description: "Whoever acts as the user does not hold it." },
  UNKNOWN_FEATURE: { description: "There is no such feature." },
  UNKNOWN_SCOPE: { description: "There is no such scope that the caller may see." },
} as const;

const ExplainReason = builder.enumType("ExplainReason", {
  description: "Why a feature is held at a scope, or why not.",
  values: reasons,
});

const HeldGrant = builder.objectRef<Held>("HeldGrant").implement({
  description: "What a grant gives or takes away, and where.",
  fields: (t) => ({
    feature: t.string({
      nullable: false,
      description: "The feature.",
      authScopes: rowScope,
      resolve: ({ feature }) => feature,
    }),
    scope: t.string({
      nullable: false,
      description: "The scope of the grant, as `type/key`.",
      authScopes: rowScope,
      resolve: ({ scope }) => scope,
    }),
    via: t.string({
      nullable: false,
      description: "The group and the role it comes through, or `directly`.",
      authScopes: rowScope,
      resolve: ({ via }) => via,
    }),
  }),
});

const Explanation = builder.objectRef<Explained>("Explanation").implement({
  description: "Why somebody holds a feature at a scope, or why not.",
  fields: (t) => ({
    allowed: t.boolean({
      nullable: false,
      description: "Whether it is held: what `can` answers.",
      authScopes: rowScope,
      resolve: ({ allowed }) => allowed,
    }),
    reason: t.field({
      type: ExplainReason,
      nullable: false,
      description: "Why, in one word.",
      authScopes: rowScope,
      resolve: ({ reason }) => reason,
    }),
    chain: t.field({
      type: [ChainLink],
      nullable: false,
      description: "The shortest way it comes: user, groups, roles, feature, scope. Empty when it is not held.",
      authScopes: rowScope,
      resolve: ({ chain }) => [...chain],
    }),
    missing: t.string({
      description: "The feature that has to be given; null when a grant gives it already.",
      authScopes: rowScope,
      resolve: ({ missing }) => missing ?? null,
    }),
    nearest: t.field({
      type: HeldGrant,
      description:
        "The grant that comes nearest: one that is over or blocked, the feature elsewhere, or one below or beside it here.",
      authScopes: rowScope,
      resolve: ({ nearest }) => nearest ?? null,
    }),
    denies: t.field({
      type: [HeldGrant],
      nullable: false,
      description: "The deny-grants that cover it.",
      authScopes: rowScope,
      resolve: ({ denies }) => [...denies],
    }),
  }),
});

builder.queryField("explain", (t) =>
  t.field({
    type: Explanation,
    nullable: false,
    description:
      "Why the caller, or another user, holds a feature at a scope, or why not. About others it needs `iam.explain` there.",
    args: {
      feature: t.arg.string({ required: true, description: "The feature's code: `todos.read`." }),
      scope: t.arg.string({ required: true, description: "The scope as `type/key`: `campus/chicago`." }),
      user: t.arg.string({ description: "Whom to ask about, by e-mail or global id; the caller when left out." }),
    },
    authScopes: { authenticated: true },
    extensions: { portcullis: { isSingleStatement: true } },
    resolve: (_root, { feature, scope, user }, { session }) =>
      callFunction<Explained>(session, "explain", [
        { name: "feature", value: feature, type: "text" },
        { name: "scope", value: scope, type: "text" },
        { name: "of_user", value: user, type: "text" },
      ]),
  }),
);
