/** In charge of what the machine needs of columns: a type that GraphQL has, a name that nothing else has, and somebody who fills them in. */
import { type Field, type Model, type ModelName, models } from "../../generated/datamodel.js";
import { refuse } from "./refuse.js";

/** What the declaration says of columns. */
export interface Said {
  readonly owner?: string | undefined;
  readonly scope?: string | { readonly column: string } | undefined;
  readonly group?: string | undefined;
  readonly hidden?: readonly string[] | undefined;
  readonly readOnly?: readonly string[] | undefined;
  readonly commands?: readonly string[] | undefined;
  readonly lists?: object | undefined;
}

/** Stops the build for a column that GraphQL can't show, or that nothing would ever fill in. */
export function checkColumns(model: ModelName, said: Said): void {
  const { schema, fields } = models[model] as Model;
  checkNames(model, said);
  for (const [name, field] of Object.entries(fields))
    if (field.type === "Bytes" && !isHidden(said, name))
      refuse(model, `shows ${name}, and GraphQL has no bytes`, `Say hidden: ["${name}"].`);
  if (schema === "iam") return;
  checkStamp(model, fields["updatedAt"]);
  if (!said.commands?.includes("create")) return;
  for (const [name, field] of Object.entries(fields))
    if (!isFilled(model, name, field, said)) refuseEmpty(model, name, said);
}

const ofFilters = ["and", "or", "not"];

function checkNames(model: ModelName, said: Said): void {
  const { fields, relations } = models[model] as Model;
  const shown = [...Object.keys(fields), ...Object.keys(relations)].filter((name) => !isHidden(said, name));
  const inputs = [
    ...(typeof said.scope === "string" && said.scope !== "scope" ? ["scope"] : []),
    ...(said.group === undefined || said.group === "group" ? [] : ["group"]),
  ];
  const taken =
    [...shown, ...Object.keys(said.lists ?? {})].find((name) => name === "access") ??
    shown.find((name) => ofFilters.includes(name)) ??
    Object.keys(fields).find((name) => inputs.includes(name));
  if (taken !== undefined)
    refuse(
      model,
      `has a field ${taken}, a name that its type, its filter or its input needs for itself`,
      `Call it otherwise in the Prisma schema, with @map("${fields[taken]?.column ?? taken}"), or say hidden: ["${taken}"].`,
    );
}

function checkStamp(model: ModelName, updatedAt: Field | undefined): void {
  if (updatedAt === undefined || updatedAt.column === "updated_at") return;
  refuse(
    model,
    `keeps updatedAt in the column ${updatedAt.column}, which nothing stamps`,
    'Write @map("updated_at"), or call the field otherwise.',
  );
}

// A list that nobody wrote is empty; every other column needs a client who says it, or a default that the database knows.
function isFilled(model: ModelName, name: string, field: Field, said: Said): boolean {
  if (field.hasDefault) return true;
  if (name === said.owner) return false;
  if (!field.isRequired || field.isList || name === said.group) return true;
  if (isKept(name, said)) return false;
  const { relations } = models[model] as Model;
  const by = Object.entries(relations).filter(([, one]) => !one.isList && one.columns.includes(field.column));
  return by.length === 0 || by.some(([relation]) => !isHidden(said, relation));
}

function isKept(name: string, { scope, readOnly = [], hidden = [] }: Said): boolean {
  return ["id", "tenantId", "createdAt", "updatedAt", scope, ...readOnly, ...hidden].includes(name);
}

function isHidden({ hidden = [] }: Said, name: string): boolean {
  return hidden.includes(name);
}

function refuseEmpty(model: ModelName, name: string, { owner, scope }: Said): never {
  const defaults = new Map<unknown, string>([
    ["id", "gen_random_uuid()"],
    ["tenantId", "iam.named_tenant_id()"],
    [owner, "iam.named_user_id()"],
    [scope, "iam.named_root_scope_id()"],
  ]);
  const value = defaults.get(name);
  refuse(
    model,
    `lets people create rows, and nothing fills in ${name}`,
    value === undefined
      ? `Give ${name} a @default that the database knows (uuid(), cuid() and @updatedAt are Prisma's own), or leave "create" out of commands.`
      : `Give it @default(dbgenerated("${value}")) in the Prisma schema; what Prisma's own client fills in, the database doesn't.`,
  );
}
