/** In charge of wrong declarations. The compiler finds most; what it can't, and what a cast hides, stops the build here. */
import { type Model, type ModelName, models } from "../../generated/datamodel.js";
import type { FieldRule, FunctionCommand, Through } from "../declaration.js";
import { checkColumns } from "./columns.js";
import { checkFieldRule, isFeatureCode } from "./field-rules.js";
import { refuse, requireField, requireId } from "./refuse.js";
import { checkShares } from "./shares.js";
import { checkCondition } from "./values.js";

/** A declaration with names that nobody has looked at yet. */
export interface Declared {
  readonly feature?: string | undefined;
  readonly features?: { readonly [command: string]: string | undefined } | undefined;
  readonly owner?: string | undefined;
  readonly scope?: string | { readonly column: string; readonly type: string } | undefined;
  readonly group?: string | undefined;
  readonly parent?: string | undefined;
  readonly publicRead?: true | object | undefined;
  readonly audience?: string | undefined;
  readonly conditions?: object | undefined;
  readonly shares?: string | undefined;
  readonly fields?: { readonly [field: string]: FieldRule | undefined } | undefined;
  readonly hidden?: readonly string[] | undefined;
  readonly readOnly?: readonly string[] | undefined;
  readonly commands?: readonly string[] | undefined;
  readonly functions?: { readonly [command: string]: FunctionCommand } | undefined;
  readonly references?: { readonly [field: string]: string | undefined } | undefined;
  readonly lists?: { readonly [name: string]: Through } | undefined;
}

/**
 * Checks a declaration against the datamodel.
 * @throws StartupError that names the file, the table, and what mends it
 */
export function checkDeclaration(model: ModelName, declared: Declared): void {
  if (!isModel(model))
    refuse(model, "is no model of the Prisma schema", "Add it to prisma/schema/, then run npm run generate.");
  checkTable(model);
  checkPlace(model, declared);
  checkFeatureCodes(model, declared);
  checkParent(model, declared.parent);
  checkAudience(model, declared);
  checkConditions(model, declared);
  checkNames(model, declared);
  checkCommands(model, declared);
  checkFunctions(model, declared);
  checkColumns(model, declared);
  for (const [name, rule] of Object.entries(declared.fields ?? {}))
    if (rule) checkFieldRule(model, name, rule, declared);
}

function isModel(name: string): boolean {
  return name in models;
}

// The gateway's own tables have their own policies; every other one gets those that are generated.
function checkTable(model: ModelName): void {
  const { schema, fields } = models[model] as Model;
  if (schema === "iam") return;
  for (const [name, column] of [
    ["id", "id"],
    ["tenantId", "tenant_id"],
  ] as const) {
    const field = fields[name];
    if (field?.column !== column || field.native !== "uuid")
      refuse(
        model,
        `has no field ${name} with a uuid in the column ${column}`,
        `Add it in the Prisma schema; Todo shows how.`,
      );
  }
}

function checkPlace(model: ModelName, { owner, scope, group }: Declared): void {
  const named = ["id", "tenantId", owner, typeof scope === "object" ? scope.column : scope, group];
  const twice = named.find((one, at) => one !== undefined && named.indexOf(one) !== at);
  if (twice !== undefined)
    refuse(
      model,
      `names ${twice} twice`,
      "The id, the tenant, the owner, the scope and the group of a row are fields of their own.",
    );
  if (owner !== undefined) requireId(model, owner, "owner");
  if (group !== undefined) requireId(model, group, "group");
  if (typeof scope === "string") requireId(model, scope, "scope");
  if (typeof scope !== "object") return;
  const { type, native } = requireField(model, scope.column);
  if (type !== "String" || native === "uuid")
    refuse(
      model,
      `names ${scope.column} as the key of a ${scope.type}, which is ${native} and no text`,
      `Name a text column, or write scope: "${scope.column}" when it holds the scope's id.`,
    );
}

function checkFeatureCodes(model: ModelName, { feature, features = {} }: Declared): void {
  const wrong = [feature, ...Object.values(features)].find((code) => code !== undefined && !isFeatureCode(code));
  if (wrong !== undefined)
    refuse(
      model,
      `names the feature ${JSON.stringify(wrong)}`,
      "A feature is a dotted code in lower case: orders.read.",
    );
}

function checkParent(model: ModelName, parent: string | undefined): void {
  if (parent === undefined) return;
  const relations = Object.entries(models[model].relations).filter(([, one]) => !one.isList);
  const [, found] = relations.find(([name]) => name === parent) ?? [];
  if (found?.references.includes("id")) return;
  refuse(
    model,
    `has no relation ${parent} to the id of one row`,
    `Name one of: ${relations.map(([name]) => name).join(", ") || "none yet; add one in the Prisma schema"}.`,
  );
}

function checkAudience(model: ModelName, { audience, publicRead, parent }: Declared): void {
  if (audience !== "public" || publicRead !== undefined || parent !== undefined || models[model].schema === "iam")
    return;
  refuse(
    model,
    "lets the anonymous ask, but shows them no row",
    "Say publicRead, or parent when it follows rows that are public, or leave the audience out.",
  );
}

function checkConditions(model: ModelName, { publicRead, conditions = {} }: Declared): void {
  if (typeof publicRead === "object") checkCondition(model, publicRead, "publicRead");
  if (publicRead === true && "read" in conditions)
    refuse(model, "shows everybody every row, and yet has a condition on reading", "Say it as publicRead.");
  for (const [command, condition] of Object.entries(conditions))
    checkCondition(model, condition, `conditions.${command}`);
}

function checkNames(model: ModelName, { hidden = [], readOnly = [], references = {}, lists = {} }: Declared): void {
  const { relations } = models[model];
  for (const name of hidden) if (!(name in relations)) requireField(model, name);
  for (const name of readOnly) requireField(model, name);
  for (const [name, to] of Object.entries(references)) {
    requireId(model, name, "reference");
    if (to !== undefined && !isModel(to))
      refuse(model, `refers by ${name} to ${to}, which is no model`, "Name a model.");
  }
  for (const [name, { to, through, from, by }] of Object.entries(lists)) {
    const wrong = [to, through].find((one) => !isModel(one));
    if (wrong !== undefined) refuse(model, `lists ${name} by ${wrong}, which is no model`, "Name a model.");
    for (const field of [from, by]) requireField(through, field);
  }
}

function checkCommands(model: ModelName, { commands = [], shares }: Declared): void {
  const known = ["create", "update", "delete", "share"];
  const wrong = commands.find((one) => !known.includes(one));
  if (wrong !== undefined) refuse(model, `offers the command ${wrong}`, `Offer any of: ${known.join(", ")}.`);
  if (shares !== undefined) checkShares(model, shares);
  else if (commands.includes("share"))
    refuse(model, "is to be shared, but says not by what", "Name the model with the shares.");
}

function checkFunctions(model: ModelName, { functions = {} }: Declared): void {
  const [first] = Object.keys(functions);
  if (first !== undefined && models[model].schema !== "iam")
    refuse(model, `leaves ${first} to a function, but is no table of iam`, "Name it among the commands.");
  for (const { writes = [] } of Object.values(functions)) for (const field of writes) requireField(model, field);
}
