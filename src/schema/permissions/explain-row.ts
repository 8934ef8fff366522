/** In charge of the field that says why a row may be read or changed, or by which policy not. */
import { builder } from "../../builder/builder.js";
import { rowScope } from "../../protect/type/row-scope.js";
import { callFunction } from "../call-function.js";
import { ChainLink, type Link } from "./chain.js";
import { protectedRow, RowCommand } from "./protected-row.js";

const reasons = {
  ALLOWED: { description: "It is allowed." },
  NO_WAY: { description: "The row is visible, and no way to the command is open." },
  ROW_HIDDEN: { description: "The row is there, and hidden." },
  ROW_ABSENT: { description: "There is no such row." },
  NOT_FOUND: { description: "There is no such row, or it is hidden: the caller may not know which." },
  NOT_OFFERED: { description: "The type has no such command, or the row is in no state for it." },
  FIELD_RULE: { description: "The row is open, and the rule of the field lets others only." },
  USER_INACTIVE: { description: "The user is not active." },
  USER_LOCKED: { description: "The user is locked." },
  MEMBER_INACTIVE: { description: "The user is no active member of the tenant, or the tenant is not active." },
} as const;

const RowReason = builder.enumType("RowReason", {
  description: "Why a command on a row is allowed, or why not.",
  values: reasons,
});

/** What iam.explain_row and iam.explain_field answer. */
export interface ExplainedRow {
  readonly allowed: boolean;
  readonly exists: boolean | null;
  readonly visible: boolean;
  readonly reason: keyof typeof reasons;
  readonly policy?: string | null;
  readonly chain: readonly Link[];
}

/** Why somebody may do something with a row, or why not. */
export const RowExplanation = builder.objectRef<ExplainedRow>("RowExplanation").implement({
  description: "Why somebody may do something with a row, or why not.",
  fields: (t) => ({
    allowed: t.boolean({
      nullable: false,
      description: "Whether it is allowed, as the policies judge.",
      authScopes: rowScope,
      resolve: ({ allowed }) => allowed,
    }),
    exists: t.boolean({
      description: "Whether there is such a row. Null when the row is hidden from the caller and he may not know.",
      authScopes: rowScope,
      resolve: ({ exists }) => exists,
    }),
    visible: t.boolean({
      nullable: false,
      description: "Whether whoever is asked about sees the row.",
      authScopes: rowScope,
      resolve: ({ visible }) => visible,
    }),
    reason: t.field({
      type: RowReason,
      nullable: false,
      description: "Why, in one word.",
      authScopes: rowScope,
      resolve: ({ reason }) => reason,
    }),
    policy: t.string({
      description: "The policy of Postgres that allows it, or the first that doesn't.",
      authScopes: rowScope,
      resolve: ({ policy }) => policy ?? null,
    }),
    chain: t.field({
      type: [ChainLink],
      nullable: false,
      description:
        "The way by which it is allowed: from the user to the row, or to the scope where he holds the feature.",
      authScopes: rowScope,
      resolve: ({ chain }) => [...chain],
    }),
  }),
});

builder.queryField("explainRow", (t) =>
  t.field({
    type: RowExplanation,
    nullable: false,
    description:
      "Why the caller, or another user, may do something with a row, or which policy stops him. About others, and to tell hidden from absent, it needs `iam.explain` at the row's scope.",
    args: {
      id: t.arg.id({ required: true, description: "The row's global id: `Todo:uuid`." }),
      command: t.arg({ type: RowCommand, required: true, description: "What is to be done with it." }),
      user: t.arg.string({ description: "Whom to ask about, by e-mail or global id; the caller when left out." }),
    },
    authScopes: { authenticated: true },
    extensions: { portcullis: { isSingleStatement: true } },
    resolve: (_root, { id, command, user }, { session }) => {
      const { table, uuid } = protectedRow(String(id));
      return callFunction<ExplainedRow>(session, "explain_row", [
        { name: "of_table", value: table, type: "text" },
        { name: "row_id", value: uuid, type: "uuid" },
        { name: "command", value: command, type: "text" },
        { name: "of_user", value: user, type: "text" },
      ]);
    },
  }),
);
