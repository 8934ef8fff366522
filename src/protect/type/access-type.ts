/** In charge of `access`: on every row, what the caller may do with it, command by command and field by field. */
import { builder } from "../../builder/builder.js";
import { protectionOf } from "../policies/protection-of.js";
import { mayCall, mayDo } from "../read/access.js";
import { carry, type Values } from "../read/field-plan.js";
import { mayReadField, mayWriteField } from "../read/guard.js";
import { allOf, anyOf, type Source, type Sql } from "../read/sql.js";
import type { Column, Resource, Row } from "../resource.js";
import type { Resources } from "../resources.js";
import { editableColumns } from "../writable.js";
import { spoken } from "./describe.js";
import type { ObjectFields } from "./object-fields.js";
import { rowScope } from "./row-scope.js";

/** The field `access`: by the policies that are made from the declaration or, in `iam`, by the checks of the functions that write. */
export function accessField(t: ObjectFields, resource: Resource, resources: Resources) {
  const verdicts = isJudged(resource) ? verdictsOfPolicies(resource, resources) : verdictsOfFunctions(resource);
  return {
    access: t.field({
      type: accessType(resource, verdicts),
      nullable: false,
      description: `What the caller may do with the ${spoken(resource.singular)}.`,
      authScopes: rowScope,
      extensions: carry({ kind: "part", values: valuesOf(verdicts), isComputedOnce: true }),
      resolve: (row, _args, _context, info) => row[info.path.key] as Row,
    }),
  };
}

/** True for a resource whose rows are guarded by policies made from its declaration. */
export function isJudged({ table }: Resource): boolean {
  return table.schema !== "iam";
}

/** A command on a row, and whether the caller may do it. */
interface Verdict {
  readonly command: string;
  readonly description: string;
  readonly isAllowed: (row: Source) => Sql;
  /** True when it is a function's, asked row by row. */
  readonly isChecked: boolean;
  readonly writes: (column: Column) => boolean;
}

const nothing = () => false;
const reading: Verdict = {
  command: "read",
  description: "Whether he may see it.",
  // Whoever asks has the row already.
  isAllowed: () => allOf([]),
  isChecked: false,
  writes: nothing,
};

const done: Readonly<Record<string, string>> = { update: "edit", delete: "delete", share: "share" };

function verdictsOfPolicies(resource: Resource, resources: Resources): readonly Verdict[] {
  const protection = protectionOf(resource, resources);
  const editable = new Set(editableColumns(resource));
  const commands = [...resource.commands].filter((command) => command !== "create" && command !== "read");
  const verdicts = commands.map((command) => ({
    command,
    description: `Whether he may ${done[command]} it.`,
    isAllowed: (row: Source) => mayDo(protection, command, row) ?? anyOf([]),
    isChecked: false,
    writes: command === "update" ? (column: Column) => editable.has(column) : nothing,
  }));
  return [reading, ...verdicts];
}

function verdictsOfFunctions(resource: Resource): readonly Verdict[] {
  const verdicts = [...resource.functions].map(([command, { mutation, writes = [] }]) => ({
    command,
    description: `Whether \`${mutation}\` would let him.`,
    isAllowed: (row: Source) => mayCall(resource, command, row),
    isChecked: true,
    writes: ({ name }: Column) => writes.includes(name),
  }));
  return [reading, ...verdicts];
}

// Marked as no column is, so that none stands in its place.
function keyOf({ command }: Pick<Verdict, "command">): string {
  return `${command}?`;
}

function valuesOf(verdicts: readonly Verdict[]): (row: Source) => Values {
  return (row) => Object.fromEntries(verdicts.map((verdict) => [keyOf(verdict), verdict.isAllowed(row)]));
}

function accessType(resource: Resource, verdicts: readonly Verdict[]) {
  const words = spoken(resource.singular);
  const Fields = fieldsType(resource, verdicts);
  return builder.objectRef<Row>(`${resource.name}Access`).implement({
    description: `What the caller may do with one ${words}, at this moment.`,
    fields: (t) => ({
      ...Object.fromEntries(
        verdicts.map((verdict) => [
          verdict.command,
          t.boolean({
            nullable: false,
            description: verdict.description,
            authScopes: rowScope,
            extensions: carry({
              kind: "value",
              expression: (row) => row(keyOf(verdict)),
              isChecked: verdict.isChecked,
            }),
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

function fieldsType(resource: Resource, verdicts: readonly Verdict[]) {
  return builder.objectRef<Row>(`${resource.name}FieldsAccess`).implement({
    description: `What the caller may do with the fields of one ${spoken(resource.singular)}.`,
    fields: (t) =>
      Object.fromEntries(
        [...resource.columns.values()].map((column) => [
          column.name,
          t.field({
            type: FieldAccess,
            nullable: false,
            description: `What he may do with \`${column.name}\`.`,
            authScopes: rowScope,
            extensions: carry({
              kind: "part",
              values: (row) => fieldVerdicts(resource, { column, verdicts }, row),
              isComputedOnce: false,
              isChecked: verdicts.some(({ isChecked, writes }) => isChecked && writes(column)),
            }),
            resolve: (row, _args, _context, info) => row[info.path.key] as Row,
          }),
        ]),
      ),
  });
}

interface AskedField {
  readonly column: Column;
  readonly verdicts: readonly Verdict[];
}

function fieldVerdicts(resource: Resource, { column, verdicts }: AskedField, row: Source): Values {
  const writing = verdicts.filter(({ writes }) => writes(column)).map((verdict) => row(keyOf(verdict)));
  const rule = mayWriteField(resource, column, row);
  return {
    [readable]: mayReadField(resource, column, row) ?? allOf([]),
    [writable]: allOf([anyOf(writing), ...(rule ? [rule] : [])]),
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
