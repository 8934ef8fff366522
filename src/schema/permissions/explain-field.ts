/** In charge of the field that says why a field of a row may be read or written, or why not. */
import { builder } from "../../builder/builder.js";
import type { Session } from "../../database/session.js";
import { GatewayError } from "../../errors.js";
import { type FieldWays, requirementOf } from "../../protect/field-rule.js";
import { rowScope } from "../../protect/type/row-scope.js";
import { editableColumns } from "../../protect/writable.js";
import { callFunction } from "../call-function.js";
import { type ExplainedRow, RowExplanation } from "./explain-row.js";
import { type ProtectedRow, protectedRow } from "./protected-row.js";

interface ExplainedUse extends ExplainedRow {
  readonly requires: string | null;
}

interface ExplainedField {
  readonly read: () => Promise<ExplainedUse>;
  readonly write: (() => Promise<ExplainedUse>) | null;
}

const FieldUse = builder.objectRef<ExplainedUse>("FieldUse").implement({
  description: "Whether a field may be used in one way, and why.",
  fields: (t) => ({
    allowed: t.boolean({
      nullable: false,
      description: "Whether it may.",
      authScopes: rowScope,
      resolve: ({ allowed }) => allowed,
    }),
    requires: t.string({
      description: "What the rule of the field asks for, besides the row: `owner`, features. Null when it has no rule.",
      authScopes: rowScope,
      resolve: ({ requires }) => requires,
    }),
    because: t.field({
      type: RowExplanation,
      nullable: false,
      description: "Why, with the row's policy and the chain.",
      authScopes: rowScope,
      resolve: (use) => use,
    }),
  }),
});

const FieldExplanation = builder.objectRef<ExplainedField>("FieldExplanation").implement({
  description: "Why a field of a row may be read and written, or why not.",
  fields: (t) => ({
    read: t.field({
      type: FieldUse,
      nullable: false,
      description: "Whether it may be read.",
      authScopes: rowScope,
      resolve: ({ read }) => read(),
    }),
    write: t.field({
      type: FieldUse,
      description: "Whether an edit may change it. Null for a field that no edit takes.",
      authScopes: rowScope,
      resolve: ({ write }) => write?.() ?? null,
    }),
  }),
});

interface Use extends ProtectedRow {
  readonly command: "read" | "update";
  readonly ways: FieldWays | null;
  readonly user: string | null | undefined;
}

async function explainUse(session: Session, { table, uuid, command, ways, user }: Use): Promise<ExplainedUse> {
  const explained = await callFunction<ExplainedRow>(session, "explain_field", [
    { name: "of_table", value: table, type: "text" },
    { name: "row_id", value: uuid, type: "uuid" },
    { name: "command", value: command, type: "text" },
    { name: "is_owners", value: ways?.isOwners, type: "boolean" },
    { name: "features", value: ways?.features, type: "text[]" },
    { name: "of_user", value: user, type: "text" },
  ]);
  return { ...explained, requires: ways && requirementOf(ways) };
}

builder.queryField("explainField", (t) =>
  t.field({
    type: FieldExplanation,
    nullable: false,
    description:
      "Why the caller, or another user, may read and write a field of a row, or why not. About others it needs `iam.explain` at the row's scope.",
    args: {
      type: t.arg.string({ required: true, description: "The type: `Todo`." }),
      field: t.arg.string({ required: true, description: "The field: `internalNote`." }),
      id: t.arg.id({ required: true, description: "The row's global id: `Todo:uuid`." }),
      user: t.arg.string({ description: "Whom to ask about, by e-mail or global id; the caller when left out." }),
    },
    authScopes: { authenticated: true },
    resolve: (_root, { type, field, id, user }, { session }) => {
      const row = protectedRow(String(id));
      const column = row.resource.columns.get(field);
      if (row.resource.name !== type || column === undefined)
        throw new GatewayError("BAD_USER_INPUT", "There is no such field of such a row.");
      const isEditable = editableColumns(row.resource).includes(column);
      const { read, write } = column.rule;
      return {
        read: () => explainUse(session, { ...row, command: "read", ways: read, user }),
        write: isEditable ? () => explainUse(session, { ...row, command: "update", ways: write, user }) : null,
      };
    },
  }),
);
