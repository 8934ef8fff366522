/** In charge of `access`: on every row, what the caller may do with it, command by command and field by field. */
import { builder } from "../../builder/builder.js";
import type { Command } from "../declaration.js";
import { protectionOf } from "../policies/protection-of.js";
import { mayDo } from "../read/access.js";
import { carry, type Values } from "../read/field-plan.js";
import { mayReadField, mayWriteField } from "../read/guard.js";
import { allOf, anyOf, type Source, type Sql } from "../read/sql.js";
import type { Column, Resource, Row } from "../resource.js";
import type { Resources } from "../resources.js";
import { editableColumns } from "../writable.js";
import { spoken } from "./describe.js";
import type { ObjectFields } from "./object-fields.js";
import { rowScope } from "./row-scope.js";

/** The field `access`, where the policies are made from the declaration. In `iam` functions write, each with checks of its own. */
export function accessField(t: ObjectFields, resource: Resource, resources: Resources) {
  if (!isJudged(resource)) return {};
  const verdicts = verdictsOn(resource, resources);
  return {
    access: t.field({
      type: accessType(resource),
      nullable: false,
      description: `What the caller may do with the ${spoken(resource.singular)}.`,
      authScopes: rowScope,
      extensions: carry({ kind: "part", values: verdicts, isComputedOnce: true }),
      resolve: (row, _args, _context, info) => row[info.path.key] as Row,
    }),
  };
}

/** True for a resource whose rows are guarded by policies made from its declaration. */
export function isJudged({ table }: Resource): boolean {
  return table.schema !== "iam";
}

type RowCommand = Exclude<Command, "create">;

const done: Readonly<Record<RowCommand, string>> = { read: "see", update: "edit", delete: "delete", share: "share" };

function rowCommands({ commands }: Resource): readonly RowCommand[] {
  return [...commands].flatMap((command) => (command === "create" ? [] : [command]));
}

// Marked as no column is, so that none stands in its place.
function verdict(command: RowCommand): string {
  return `${command}?`;
}

function verdictsOn(resource: Resource, resources: Resources): (row: Source) => Values {
  const protection = protectionOf(resource, resources);
  const judged = (command: RowCommand, row: Source): Sql =>
    // Whoever asks has the row already.
    command === "read" ? allOf([]) : (mayDo(protection, command, row) ?? anyOf([]));
  return (row) => Object.fromEntries(rowCommands(resource).map((command) => [verdict(command), judged(command, row)]));
}

function accessType(resource: Resource) {
  const words = spoken(resource.singular);
  const Fields = fieldsType(resource);
  return builder.objectRef<Row>(`${resource.name}Access`).implement({
    description: `What the caller may do with one ${words}, at this moment.`,
    fields: (t) => ({
      ...Object.fromEntries(
        rowCommands(resource).map((command) => [
          command,
          t.boolean({
            nullable: false,
            description: `Whether he may ${done[command]} it.`,
            authScopes: rowScope,
            extensions: carry({ kind: "value", expression: (row) => row(verdict(command)) }),
            resolve: (row, _args, _context, info) => row[info.path.key] === true,
          }),
        ]),
      ),
      fields: t.field({
        type: Fields,
        nullable: false,
        description: "What he may do with each field of it.",
        authScopes: rowScope,
        extensions: carry({ kind: "part", values: () => ({}), isComputedOnce: false }),
        resolve: (row, _args, _context, info) => row[info.path.key] as Row,
      }),
    }),
  });
}

function fieldsType(resource: Resource) {
  return builder.objectRef<Row>(`${resource.name}FieldsAccess`).implement({
    description: `What the caller may do with the fields of one ${spoken(resource.singular)}.`,
    fields: (t) =>
      Object.fromEntries(
        [...resource.columns.values()].map((column) => [
          column.name,
          t.field({
            type: FieldAccess,
            nullable: false,
            description: `The ${spoken(column.name)}.`,
            authScopes: rowScope,
            extensions: carry({
              kind: "part",
              values: (row) => fieldVerdicts(resource, column, row),
              isComputedOnce: false,
            }),
            resolve: (row, _args, _context, info) => row[info.path.key] as Row,
          }),
        ]),
      ),
  });
}

function fieldVerdicts(resource: Resource, column: Column, row: Source): Values {
  const isEditable = resource.commands.has("update") && editableColumns(resource).includes(column);
  const rule = mayWriteField(resource, column, row);
  return {
    [readable]: mayReadField(resource, column, row) ?? allOf([]),
    [writable]: isEditable ? allOf([row(verdict("update")), ...(rule ? [rule] : [])]) : anyOf([]),
  };
}

const readable = "field.read?";
const writable = "field.write?";

const FieldAccess = builder.objectRef<Row>("FieldAccess").implement({
  description: "What the caller may do with one field of one row.",
  fields: (t) => ({
    read: t.boolean({
      nullable: false,
      description: "Whether he may read it.",
      authScopes: rowScope,
      extensions: carry({ kind: "value", expression: (row) => row(readable) }),
      resolve: (row, _args, _context, info) => row[info.path.key] === true,
    }),
    write: t.boolean({
      nullable: false,
      description: "Whether he may change it.",
      authScopes: rowScope,
      extensions: carry({ kind: "value", expression: (row) => row(writable) }),
      resolve: (row, _args, _context, info) => row[info.path.key] === true,
    }),
  }),
});
