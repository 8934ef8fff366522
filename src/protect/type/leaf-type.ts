/** In charge of the GraphQL type of a column. */
import { builder } from "../../builder/builder.js";
import { type EnumName, enums, type Field } from "../../generated/datamodel.js";

const scalarNames: Readonly<Record<string, string>> = {
  String: "String",
  Boolean: "Boolean",
  Int: "Int",
  Float: "Float",
  BigInt: "BigInt",
  Decimal: "Decimal",
  DateTime: "DateTime",
  Json: "JSON",
};

type EnumType = ReturnType<typeof builder.enumType<string, Readonly<Record<string, { readonly value: string }>>>>;
const enumTypes = new Map<string, EnumType>();

/** The GraphQL type of a column, for input and output. To the compiler it is JSON: what a column holds is known at run time only. */
export function leafType(field: Pick<Field, "type" | "isEnum" | "isId">): "JSON" {
  if (field.isId) return "ID" as "JSON";
  if (field.isEnum) return enumType(field.type as EnumName) as unknown as "JSON";
  const name = scalarNames[field.type];
  if (name === undefined) throw new TypeError(`GraphQL has no type for a column of type ${field.type}.`);
  return name as "JSON";
}

/** The GraphQL type of a column as a row shows it: a list of the type where the column holds one. */
export function columnType(field: Pick<Field, "type" | "isEnum" | "isId" | "isList">): "JSON" {
  return field.isList ? ([leafType(field)] as unknown as "JSON") : leafType(field);
}

/** A Prisma enum in GraphQL: its values as Prisma calls them, in capitals. */
export function enumType(name: EnumName): EnumType {
  const known = enumTypes.get(name);
  if (known) return known;
  const { description, values } = enums[name];
  const type = builder.enumType(name, {
    description,
    values: Object.fromEntries(Object.entries<string>(values).map(([name, value]) => [name.toUpperCase(), { value }])),
  });
  enumTypes.set(name, type);
  return type;
}
