/** In charge of the text of src/generated/datamodel.ts. */
import type { Datamodel } from "./describe-datamodel.js";

/** The datamodel as a TypeScript module: two constants and the types that follow from them. */
export function renderDatamodel({ models, enums }: Datamodel): string {
  return `/** The Prisma schema as data. Written by prisma/generators/datamodel.ts; never edited by hand. */

/** Every model: its table, its fields with their columns, its relations with the columns they join on. */
export const datamodel = ${render(models)} as const;

/** Every enum: the Postgres type behind it, and its values as Postgres spells them. */
export const enums = ${render(enums)} as const;
${types}`;
}

// What holds no further objects stands on one line.
function render(value: unknown, indent = ""): string {
  if (!isRecord(value) || !Object.values(value).some(isRecord)) return JSON.stringify(value);
  const lines = Object.entries(value).map(
    ([key, entry]) => `${indent}  ${JSON.stringify(key)}: ${render(entry, `${indent}  `)},\n`,
  );
  return `{\n${lines.join("")}${indent}}`;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const types = `
type Datamodel = typeof datamodel;

/** The name of a model, e.g. \`Todo\`. */
export type ModelName = keyof Datamodel;

/** The name of a scalar field of model \`M\`, e.g. \`ownerId\`. */
export type FieldName<M extends ModelName = ModelName> = M extends ModelName ? keyof Datamodel[M]["fields"] & string : never;

/** The name of a relation of model \`M\`, e.g. \`owner\`. */
export type RelationName<M extends ModelName = ModelName> = M extends ModelName ? keyof Datamodel[M]["relations"] & string : never;

/** The model that relation \`R\` of model \`M\` leads to. */
export type RelatedModel<M extends ModelName, R extends RelationName<M>> = Datamodel[M]["relations"][R & keyof Datamodel[M]["relations"]] extends {
  readonly model: infer Other extends ModelName;
}
  ? Other
  : never;

/** The name of an enum, e.g. \`GrantEffect\`. */
export type EnumName = keyof typeof enums;

/** Prisma's name of a field's type. */
export type FieldType = "String" | "Boolean" | "Int" | "BigInt" | "Float" | "Decimal" | "DateTime" | "Json" | "Bytes" | EnumName;

/** What is known of any field, whatever its model. */
export interface Field {
  readonly column: string;
  readonly type: FieldType;
  /** The Postgres type, without its length: \`uuid\`, \`timestamptz\`, \`iam.grant_effect\`. */
  readonly native: string;
  readonly isList: boolean;
  readonly isRequired: boolean;
  readonly isId: boolean;
  readonly isEnum: boolean;
  /** Whether the database fills it in. */
  readonly hasDefault: boolean;
  readonly description: string;
}

/** What is known of any relation: \`columns\` of this table are equal to \`references\` of the other, in this order. */
export interface Relation {
  readonly model: ModelName;
  readonly isList: boolean;
  readonly isRequired: boolean;
  readonly columns: readonly string[];
  readonly references: readonly string[];
  readonly description: string;
}

/** What is known of any model; keys of \`fields\` and \`relations\` are the Prisma names. */
export interface Model {
  readonly model: ModelName;
  readonly table: string;
  readonly schema: string;
  readonly description: string;
  /** Names of fields, not of columns; so are the \`uniques\`. */
  readonly primaryKey: readonly string[];
  readonly uniques: readonly (readonly string[])[];
  readonly fields: Readonly<Record<string, Field>>;
  readonly relations: Readonly<Record<string, Relation>>;
}

/** The same datamodel for code that works on any model. */
export const models: Readonly<Record<ModelName, Model>> = datamodel;
`;
