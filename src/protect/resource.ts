/** In charge of a resource: a declaration completed with what the datamodel knows of its table. */
import type { ReadNumber } from "../audit/events.js";
import { builder } from "../builder/builder.js";
import { type Field, type FieldName, type ModelName, models, type Relation } from "../generated/datamodel.js";
import { checkDeclaration } from "./check/declaration.js";
import type { Command, Declaration, FieldRule, FunctionCommand, Through } from "./declaration.js";
import { type ColumnRule, ruleOf } from "./field-rule.js";
import type { RowCondition } from "./policies/protection.js";

/** One row as the statement gave it: values by response key. */
export type Row = Readonly<Record<string, unknown>>;

/** A column that GraphQL shows, with the rule of its field. */
export interface Column extends Field {
  readonly name: string;
  readonly rule: ColumnRule;
}

/** A relation to another resource, before that one is looked up: it may be declared later. */
export interface Link extends Relation {
  readonly name: string;
  /** The event that its reading is. */
  readonly audits?: ReadNumber | undefined;
}

/** A protected table. */
export interface Resource {
  /** The model's and the GraphQL type's name: Todo. */
  readonly name: ModelName;
  /** Its fields in GraphQL: todo, todos. */
  readonly singular: string;
  readonly plural: string;
  readonly description: string;
  readonly table: { readonly schema: string; readonly name: string };
  /** The columns on show by field name, in the order of the Prisma schema. */
  readonly columns: ReadonlyMap<string, Column>;
  /** The relations on show by field name. */
  readonly links: ReadonlyMap<string, Link>;
  readonly lists: ReadonlyMap<string, Through>;
  /** The field with the tenant's id, when the table belongs to tenants. */
  readonly tenant: Field | null;
  readonly owner: Field | null;
  readonly scope: { readonly field: string; readonly column: string; readonly type: string | null } | null;
  /** The column with the id of the group whose members may do everything with the row. */
  readonly group: Field | null;
  /** The relation to the row that this one follows. */
  readonly parent: { readonly link: string; readonly model: ModelName; readonly column: string } | null;
  /** Which rows everybody in the tenant sees, by field; empty for all of them. */
  readonly publicRead: RowCondition | null;
  /** What must be true of a row besides, by command and field. */
  readonly conditions: Readonly<Record<string, RowCondition>>;
  readonly shares: ModelName | null;
  readonly readOnly: ReadonlySet<string>;
  readonly commands: ReadonlySet<Command>;
  /** What functions of `iam` do with a row, by the command's name. */
  readonly functions: ReadonlyMap<string, FunctionCommand>;
  /** The event that the reading of its rows is. */
  readonly audits: ReadNumber | undefined;
  readonly audience: "authenticated" | "public";
  /** The feature that a command needs, e.g. `todos.update`. */
  readonly featureOf: (command: Command) => string;
  /** The GraphQL type, to be named before it is built. */
  readonly type: ReturnType<typeof builder.objectRef<Row>>;
}

// The caller's tenant is the only one that he ever meets: no row needs to say it.
const tenantField = "tenantId";
const momentsKeptByTheDatabase = ["createdAt", "updatedAt"];

/**
 * Declares a protected table: `resource("Todo", { feature: "todos", owner: "ownerId", scope: "scopeId" })`.
 * @throws StartupError that names the file, the table, and what mends it, for a declaration that can't be right
 */
export function resource<M extends ModelName>(name: M, declaration: Declaration<M>): Resource {
  checkDeclaration(name, declaration);
  const model = models[name];
  const singular = lowerFirst(name);
  const feature = declaration.feature ?? plural(singular);
  const columns = columnsOf(name, declaration);
  const links = linksOf(name, declaration);
  const { owner, group, publicRead } = declaration;
  return {
    name,
    singular,
    plural: plural(singular),
    description: model.description,
    table: { schema: model.schema, name: model.table },
    columns,
    links,
    lists: new Map(Object.entries(declaration.lists ?? {})),
    tenant: model.fields[tenantField] ?? null,
    owner: owner === undefined ? null : fieldOf(name, owner),
    scope: scopeOf(name, declaration.scope),
    group: group === undefined ? null : fieldOf(name, group),
    parent: parentOf(name, links, declaration.parent),
    publicRead: publicRead === undefined ? null : publicRead === true ? {} : (publicRead as RowCondition),
    conditions: (declaration.conditions ?? {}) as Readonly<Record<string, RowCondition>>,
    shares: declaration.shares ?? null,
    readOnly: new Set<string>(["id", ...momentsKeptByTheDatabase, ...(declaration.readOnly ?? [])]),
    commands: new Set<Command>(["read", ...(declaration.commands ?? [])]),
    functions: new Map(Object.entries(declaration.functions ?? {})),
    audits: declaration.audits?.rows,
    audience: declaration.audience ?? (publicRead === undefined ? "authenticated" : "public"),
    featureOf: (command) => declaration.features?.[command] ?? `${feature}.${command}`,
    type: builder.objectRef<Row>(name),
  };
}

function columnsOf<M extends ModelName>(
  name: M,
  { hidden = [], fields = {} }: Declaration<M>,
): ReadonlyMap<string, Column> {
  const model = models[name];
  const foreignKeys = new Set(Object.values(model.relations).flatMap((one) => (one.isList ? [] : one.columns)));
  const rules: { readonly [field: string]: FieldRule | undefined } = fields;
  const isShown = (field: string, { column, isId }: Field) =>
    field !== tenantField && !isOneOf(hidden, field) && (isId || !foreignKeys.has(column));
  return new Map(
    Object.entries(model.fields)
      .filter(([field, known]) => isShown(field, known))
      .map(([field, known]) => [field, { ...known, name: field, rule: ruleOf(rules[field]) }]),
  );
}

function linksOf<M extends ModelName>(
  name: M,
  { hidden = [], references = {}, audits = {} }: Declaration<M>,
): ReadonlyMap<string, Link> {
  const events: { readonly [relation: string]: ReadNumber | undefined } = audits;
  const relations = Object.entries(models[name].relations)
    .filter(([relation]) => !isOneOf(hidden, relation))
    .map(([relation, known]) => [relation, { ...known, name: relation, audits: events[relation] }] as const);
  const plain = Object.entries<ModelName | undefined>(references).flatMap(([field, model]) =>
    model === undefined ? [] : [[field, linkByColumn(fieldOf(name, field), field, model)] as const],
  );
  return new Map([...relations, ...plain]);
}

function linkByColumn({ column, isRequired, description }: Field, name: string, model: ModelName): Link {
  return { name, model, isList: false, isRequired, columns: [column], references: ["id"], description };
}

function scopeOf<M extends ModelName>(name: M, scope: Declaration<M>["scope"]): Resource["scope"] {
  if (scope === undefined) return null;
  const [field, type] = typeof scope === "string" ? [scope, null] : [scope.column, scope.type];
  return { field, column: fieldOf(name, field).column, type };
}

function parentOf(name: ModelName, links: Resource["links"], parent: string | undefined): Resource["parent"] {
  if (parent === undefined) return null;
  const link = links.get(parent);
  if (link === undefined || link.isList) throw new TypeError(`${name} has no relation ${parent} to one row on show.`);
  return { link: parent, model: link.model, column: idColumn(link) };
}

/** The column of a to-one link that holds the other row's id; the columns beside it hold the tenant. */
export function idColumn({ name, columns, references }: Link): string {
  // A member of a tenant stands for the user who is it.
  const index = references.findIndex((column) => column === "id" || column === "user_id");
  const column = columns[index];
  if (column === undefined) throw new TypeError(`${name} must refer to its resource by the id.`);
  return column;
}

/** What is known of a field of a model, shown or not. */
export function fieldOf<M extends ModelName>(model: M, field: FieldName<M> | string): Field {
  const known = models[model].fields[field];
  if (known === undefined) throw new TypeError(`${model} has no field ${field}.`);
  return known;
}

function isOneOf(names: readonly string[], name: string): boolean {
  return names.includes(name);
}

function lowerFirst(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}

function plural(singular: string): string {
  return /(s|x|ch|sh)$/.test(singular) ? `${singular}es` : `${singular.replace(/([^aeiou])y$/, "$1ie")}s`;
}
