/** In charge of turning Prisma's DMMF into our datamodel: fields with their columns, relations with their join columns. */
import type { DMMF } from "@prisma/generator-helper";

/** The whole datamodel, as it is written down. */
export interface Datamodel {
  readonly models: Readonly<Record<string, ModelDescription>>;
  readonly enums: Readonly<Record<string, EnumDescription>>;
}

/** One model: the table behind it, its fields and its relations. */
export interface ModelDescription {
  readonly model: string;
  readonly table: string;
  readonly schema: string;
  readonly description: string;
  readonly primaryKey: readonly string[];
  readonly uniques: readonly (readonly string[])[];
  readonly fields: Readonly<Record<string, FieldDescription>>;
  readonly relations: Readonly<Record<string, RelationDescription>>;
}

/** One scalar field and the column behind it. */
export interface FieldDescription {
  readonly column: string;
  readonly type: string;
  readonly native: string;
  readonly isList: boolean;
  readonly isRequired: boolean;
  readonly isId: boolean;
  readonly isEnum: boolean;
  /** Whether the database fills it in. */
  readonly hasDefault: boolean;
  readonly description: string;
}

/** One relation: `columns` of this table are equal to `references` of the other. */
export interface RelationDescription {
  readonly model: string;
  readonly isList: boolean;
  readonly isRequired: boolean;
  readonly columns: readonly string[];
  readonly references: readonly string[];
  readonly description: string;
}

/** One enum: the Postgres type behind it and its values, by their Prisma name, as Postgres spells them. */
export interface EnumDescription {
  readonly name: string;
  readonly schema: string;
  readonly description: string;
  readonly values: Readonly<Record<string, string>>;
}

/** Describes every model and enum. `source` is the text of the Prisma schema: an enum's Postgres schema stands only there. */
export function describeDatamodel(dmmf: DMMF.Datamodel, source: string): Datamodel {
  const enums = byName(
    dmmf.enums,
    (entry) => entry.name,
    (entry) => describeEnum(entry, source),
  );
  const models = byName(
    dmmf.models,
    (model) => model.name,
    (model) => describeModel(model, dmmf, enums),
  );
  return { models, enums };
}

function describeModel(model: DMMF.Model, dmmf: DMMF.Datamodel, enums: Datamodel["enums"]): ModelDescription {
  const primaryKey = model.primaryKey?.fields ?? model.fields.filter((field) => field.isId).map((field) => field.name);
  const singles = model.fields.filter((field) => field.isUnique).map((field) => [field.name]);
  const isRelation = (field: DMMF.Field) => field.kind === "object";
  return {
    model: model.name,
    table: model.dbName ?? model.name,
    schema: model.schema ?? "public",
    description: model.documentation ?? "",
    primaryKey,
    uniques: [...singles, ...model.uniqueFields],
    fields: byName(
      model.fields.filter((field) => !isRelation(field)),
      (field) => field.name,
      (field) => describeField(field, primaryKey, enums),
    ),
    relations: byName(
      model.fields.filter(isRelation),
      (field) => field.name,
      (field) => describeRelation(field, model, dmmf),
    ),
  };
}

function describeField(field: DMMF.Field, primaryKey: readonly string[], enums: Datamodel["enums"]): FieldDescription {
  const native = nativeOf(field, enums);
  return {
    column: columnOf(field),
    // A time of day is no moment: it travels as the text that it is.
    type: /^time/.test(native) && !native.startsWith("timestamp") ? "String" : field.type,
    native,
    isList: field.isList,
    isRequired: field.isRequired,
    isId: primaryKey.includes(field.name),
    isEnum: field.kind === "enum",
    hasDefault: field.hasDefaultValue && !isMadeByPrisma(field.default),
    description: field.documentation ?? "",
  };
}

// What Prisma's client fills in by itself: rows are written without it.
function isMadeByPrisma(made: DMMF.Field["default"]): boolean {
  return typeof made === "object" && "name" in made && /^(uuid|cuid|nanoid|ulid)\b/.test(made.name);
}

function describeRelation(field: DMMF.Field, model: DMMF.Model, dmmf: DMMF.Datamodel): RelationDescription {
  const other = dmmf.models.find((candidate) => candidate.name === field.type);
  if (other === undefined)
    throw new TypeError(`${model.name}.${field.name} refers to ${field.type}, which is no model.`);
  const { columns, references } = joinOf(field, model, other);
  return {
    model: field.type,
    isList: field.isList,
    isRequired: field.isRequired,
    columns,
    references,
    description: field.documentation ?? "",
  };
}

// Only the side that holds the foreign key names the columns; the other one finds them by the relation's name.
function joinOf(field: DMMF.Field, model: DMMF.Model, other: DMMF.Model) {
  if (field.relationFromFields?.length) {
    return {
      columns: columnsOf(model, field.relationFromFields),
      references: columnsOf(other, field.relationToFields ?? []),
    };
  }
  const isThis = (candidate: DMMF.Field) => other === model && candidate.name === field.name;
  const opposite = other.fields.find((one) => one.relationName === field.relationName && !isThis(one));
  if (!opposite?.relationFromFields?.length) {
    throw new TypeError(
      `${model.name}.${field.name} is an implicit many-to-many relation: its join table would have no policies. Write a model for it.`,
    );
  }
  return {
    columns: columnsOf(model, opposite.relationToFields ?? []),
    references: columnsOf(other, opposite.relationFromFields),
  };
}

function describeEnum(entry: DMMF.DatamodelEnum, source: string): EnumDescription {
  const body = new RegExp(`^enum\\s+${entry.name}\\s*\\{([^}]*)\\}`, "m").exec(source)?.[1] ?? "";
  return {
    name: entry.dbName ?? entry.name,
    schema: /@@schema\("([^"]+)"\)/.exec(body)?.[1] ?? "public",
    description: entry.documentation ?? "",
    values: byName(
      entry.values,
      (value) => value.name,
      (value) => value.dbName ?? value.name,
    ),
  };
}

function columnsOf(model: DMMF.Model, names: readonly string[]): readonly string[] {
  return names.map((name) => model.fields.filter((field) => field.name === name).map(columnOf)[0] ?? name);
}

function columnOf(field: DMMF.Field): string {
  return field.dbName ?? field.name;
}

// What Prisma makes of a type without @db: https://www.prisma.io/docs/orm/core-concepts/supported-databases/postgresql
const defaultNatives: Readonly<Record<string, string>> = {
  String: "text",
  Boolean: "boolean",
  Int: "integer",
  BigInt: "bigint",
  Float: "double precision",
  Decimal: "numeric",
  DateTime: "timestamp",
  Json: "jsonb",
  Bytes: "bytea",
};

// Where Prisma's attribute is not the Postgres name in lower case.
const nativeNames: Readonly<Record<string, string>> = {
  Decimal: "numeric",
  DoublePrecision: "double precision",
  JsonB: "jsonb",
  ByteA: "bytea",
};

function nativeOf(field: DMMF.Field, enums: Datamodel["enums"]): string {
  const described = enums[field.type];
  if (field.kind === "enum" && described !== undefined) return `${described.schema}.${described.name}`;
  const name = field.nativeType?.[0];
  if (name === undefined) return defaultNatives[field.type] ?? field.type.toLowerCase();
  return nativeNames[name] ?? name.toLowerCase();
}

function byName<From, To>(
  all: readonly From[],
  name: (one: From) => string,
  to: (one: From) => To,
): Record<string, To> {
  return Object.fromEntries(all.map((one) => [name(one), to(one)]));
}
