/** In charge of a try as GraphQL: the mutation of the schema that does what the function does, and its input. */
import {
  type GraphQLField,
  type GraphQLInputFieldMap,
  type GraphQLSchema,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isObjectType,
} from "graphql";
import type { Operation } from "./operation.js";

/** One root field of a mutation, and what goes into it. */
export interface Mutation {
  readonly name: string;
  readonly inputType: string;
  readonly input: Readonly<Record<string, unknown>>;
  /** All that can be read of the payload without going further. */
  readonly selection: string;
}

/** Mutations that aren't called as their function is. */
const otherNames: Readonly<Record<string, string>> = { revoke: "revokeGrant" };
/** Inputs that aren't called as the function's argument is, nor `id`. */
const otherInputs: Readonly<Record<string, string>> = {
  valid_from: "from",
  valid_until: "until",
  slug: "tenant",
  secret_hash: "secret",
};

/** The mutation's name. */
export function mutationName(operation: string): string {
  return otherNames[operation] ?? camelCase(operation);
}

/** The fields of a mutation's input. */
export function inputFields(schema: GraphQLSchema, mutation: string): GraphQLInputFieldMap {
  const type = inputTypeOf(fieldOf(schema, mutation));
  return type.getFields();
}

/** The mutation; `secrets` tells of a hash what it was made of. What the gateway makes itself, a new secret, isn't sent. */
export function asMutation(
  schema: GraphQLSchema,
  { name, args }: Operation,
  secrets: ReadonlyMap<string, string>,
): Mutation {
  const mutation = mutationName(name);
  const field = fieldOf(schema, mutation);
  const fields = inputTypeOf(field).getFields();
  const input = Object.entries(args).flatMap(([argument, value]) => {
    const given = inputName(argument, fields);
    if (value === undefined || given === undefined) return [];
    if (given === "secret") return [[given, secrets.get(String(value)) ?? value]];
    return [[given, isEnumType(getNamedType(fields[given]?.type)) ? String(value).toUpperCase() : value]];
  });
  return {
    name: mutation,
    inputType: inputTypeOf(field).name,
    input: Object.fromEntries(input),
    selection: selectionOf(field),
  };
}

function inputName(argument: string, fields: GraphQLInputFieldMap): string | undefined {
  const isMinted = argument === "public_id" || (argument === "secret_hash" && fields["secret"] === undefined);
  if (isMinted) return undefined;
  const names = [camelCase(argument), otherInputs[argument], "id"].filter((name) => name !== undefined);
  const found = names.find((name) => fields[name] !== undefined);
  if (found === undefined) throw new RangeError(`No input is called ${argument}.`);
  return found;
}

function selectionOf(field: GraphQLField<unknown, unknown>): string {
  const payload = getNamedType(field.type);
  if (!isObjectType(payload)) throw new TypeError(`${field.name} answers no object.`);
  const parts = Object.values(payload.getFields()).map(({ name, type }) => {
    const named = getNamedType(type);
    if (!isObjectType(named)) return name;
    return `${name} { ${named.getFields()["id"] === undefined ? Object.keys(named.getFields()).join(" ") : "id"} }`;
  });
  return `{ ${parts.join(" ")} }`;
}

function fieldOf(schema: GraphQLSchema, mutation: string): GraphQLField<unknown, unknown> {
  const field = schema.getMutationType()?.getFields()[mutation];
  if (field === undefined) throw new RangeError(`There is no mutation ${mutation}.`);
  return field;
}

function inputTypeOf({ name, args }: GraphQLField<unknown, unknown>) {
  const type = args[0] && getNamedType(args[0].type);
  if (!isInputObjectType(type)) throw new TypeError(`${name} takes no input.`);
  return type;
}

function camelCase(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
