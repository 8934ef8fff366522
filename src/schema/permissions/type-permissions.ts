/** In charge of what somebody may do with rows of others at a scope: type by type, command by command, field by field. */
import { sql } from "kysely";
import { builder } from "../../builder/builder.js";
import type { Command } from "../../protect/declaration.js";
import { type FieldWays, requirementOf } from "../../protect/field-rule.js";
import { protectionOf } from "../../protect/policies/protection-of.js";
import { mayDo } from "../../protect/read/access.js";
import { carry, type Values } from "../../protect/read/field-plan.js";
import { mayReadField, mayWriteField } from "../../protect/read/guard.js";
import { ownRowAt, rowOfOthersAt } from "../../protect/read/imagined-row.js";
import { allOf, anyOf, jsonObject, type Source, type Sql } from "../../protect/read/sql.js";
import type { Column, Resource, Row } from "../../protect/resource.js";
import type { Resources } from "../../protect/resources.js";
import { isJudged } from "../../protect/type/access-type.js";
import { rowScope } from "../../protect/type/row-scope.js";
import { editableColumns } from "../../protect/writable.js";
import { resources } from "../../resources/resources.js";

const byName: Resources = new Map(resources.map((resource) => [resource.name, resource]));

/** The values of each type at the scope `place?`: for the caller, or where there are such for whoever holds the features `held?`. */
export function typesAt(asked: Source): readonly Values[] {
  return resources.filter(isJudged).map((resource) => ({
    "name?": text(resource.name),
    ...Object.fromEntries(commands.map((command) => [`${command}?`, verdictOn(resource, command, asked)])),
    "fields?": fieldsAt(resource, asked),
  }));
}

const commands = ["create", "read", "update", "delete", "share"] as const satisfies readonly Command[];

function verdictOn(resource: Resource, command: Command, asked: Source): Sql {
  return resource.commands.has(command) ? told(asked, judged(resource, command, asked)) : anyOf([]);
}

/** The two ways to know. */
interface Verdicts {
  /** What the policies say of the caller. */
  readonly byPolicy: Sql;
  /** What follows from features. */
  readonly byFeatures: Sql;
}

function told(asked: Source, { byPolicy, byFeatures }: Verdicts): Sql {
  const place = asked("place?");
  return sql`case when ${asked("held?")} is null then ${place} is not null and ${byPolicy} else ${byFeatures} end`;
}

function judged(resource: Resource, command: Command, asked: Source): Verdicts {
  const place = asked("place?");
  // What must be true of the columns of a row is told with the row.
  const protection = { ...protectionOf(resource, byName), conditions: {} };
  const row = command === "create" ? ownRowAt(resource, place) : rowOfOthersAt(resource, place);
  const byPolicy = mayDo(protection, command, row);
  return { byPolicy: byPolicy ?? sql`null::boolean`, byFeatures: byFeature(resource, command, asked) };
}

function byFeature(resource: Resource, command: Command, asked: Source): Sql {
  const isHeld = holds(resource.featureOf(command), asked);
  const { owner, scope, publicRead } = resource;
  if (command === "read" && publicRead !== null && Object.keys(publicRead).length === 0) return allOf([]);
  if (command !== "create" || owner === null || scope?.type != null) return isHeld;
  // At the root members create without a feature: of whom only features are known, nothing is told.
  const isElsewhere =
    scope === null ? anyOf([]) : sql`${asked("place?")} is distinct from (select iam.caller_root_scope_id())`;
  return sql`case when ${isHeld} then true when ${isElsewhere} then false end`;
}

function holds(feature: string, asked: Source): Sql {
  return sql`coalesce(${sql.lit(feature)} = any(${asked("held?")}), false)`;
}

function fieldsAt(resource: Resource, asked: Source): Sql {
  const row = rowOfOthersAt(resource, asked("place?"));
  const may = (ways: FieldWays | null, byPolicy: Sql | null): readonly Sql[] => {
    if (ways === null || byPolicy === null) return [];
    return [
      told(asked, {
        byPolicy: sql`coalesce(${byPolicy}, false)`,
        byFeatures: anyOf(ways.features.map((feature) => holds(feature, asked))),
      }),
    ];
  };
  const fields = [...resource.columns.values()].map((column) => {
    const { name, rule } = column;
    const isEditable = editableColumns(resource).includes(column);
    return jsonObject([
      ["name", text(name)],
      ["readable", allOf([mayRead, ...may(rule.read, mayReadField(resource, column, row))])],
      ["writable", isEditable ? allOf([mayUpdate, ...may(rule.write, mayWriteField(resource, column, row))]) : no],
      ["requires", text(requirementsOf(column))],
    ]);
  });
  const [read, update] = [verdictOn(resource, "read", asked), verdictOn(resource, "update", asked)];
  return sql`(select json_build_array(${sql.join(fields)}) from (select ${read} as read, ${update} as update offset 0) as may)`;
}

const [mayRead, mayUpdate] = [sql.id("may", "read"), sql.id("may", "update")];
const no = anyOf([]);

function requirementsOf({ rule: { read, write } }: Column): string | null {
  const [toRead, toWrite] = [read && requirementOf(read), write && requirementOf(write)];
  if (toRead === null || toWrite === null || toRead === toWrite) return toRead ?? toWrite;
  return `${toRead} to read, ${toWrite} to write`;
}

function text(value: string | null): Sql {
  return value === null ? sql`null::text` : sql`${sql.lit(value)}::text`;
}

interface FieldPermission {
  readonly name: string;
  readonly readable: boolean;
  readonly writable: boolean;
  readonly requires: string | null;
}

const FieldPermissions = builder.objectRef<FieldPermission>("FieldPermissions").implement({
  description: "What somebody may do with one field of rows of others at a scope.",
  fields: (t) => ({
    name: t.string({
      nullable: false,
      description: "The field.",
      authScopes: rowScope,
      resolve: ({ name }) => name,
    }),
    readable: t.boolean({
      nullable: false,
      description: "Whether he may read it.",
      authScopes: rowScope,
      resolve: ({ readable }) => readable,
    }),
    writable: t.boolean({
      nullable: false,
      description: "Whether he may change it.",
      authScopes: rowScope,
      resolve: ({ writable }) => writable,
    }),
    requires: t.string({
      description: "What its rule asks for: a feature, or `owner`. Null where the row's own commands decide.",
      authScopes: rowScope,
      resolve: ({ requires }) => requires,
    }),
  }),
});

const done = { read: "see them", update: "edit them", delete: "delete them", share: "share them" } as const;

/** What somebody may do with the rows of one type at a scope. */
export const TypePermissions = builder.objectRef<Row>("TypePermissions").implement({
  description: "What somebody may do with rows of others of one type at a scope.",
  fields: (t) => ({
    name: t.string({
      nullable: false,
      description: "The type.",
      authScopes: rowScope,
      extensions: carry({ kind: "value", expression: (row) => row("name?") }),
      resolve: (row, _args, _context, info) => String(row[info.path.key]),
    }),
    create: t.boolean({
      description:
        "Whether he may put a row of his own there. Null where that takes more than a place, and of others where members need no feature.",
      authScopes: rowScope,
      extensions: carry({ kind: "value", expression: (row) => row("create?") }),
      resolve: (row, _args, _context, info) => row[info.path.key] as boolean | null,
    }),
    ...Object.fromEntries(
      Object.entries(done).map(([command, words]) => [
        command,
        t.boolean({
          nullable: false,
          description: `Whether he may ${words}.`,
          authScopes: rowScope,
          extensions: carry({ kind: "value", expression: (row) => row(`${command}?`) }),
          resolve: (row, _args, _context, info) => row[info.path.key] === true,
        }),
      ]),
    ),
    fields: t.field({
      type: [FieldPermissions],
      nullable: false,
      description: "Its fields.",
      authScopes: rowScope,
      extensions: carry({ kind: "value", expression: (row) => row("fields?") }),
      resolve: (row, _args, _context, info) => row[info.path.key] as FieldPermission[],
    }),
  }),
});
