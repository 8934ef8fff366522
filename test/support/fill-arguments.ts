/** In charge of arguments that an operation can be sent with: one chosen value at one place, and around it what is needed. */
import {
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
} from "graphql";
import { type Input, isReference, referredTypes } from "./references.js";

/** A way into the arguments: names, and places in lists. */
export type Path = readonly (string | number)[];

/** What to fill with. */
export interface Filling {
  readonly schema: GraphQLSchema;
  readonly field: GraphQLField<unknown, unknown>;
  readonly path: Path;
  /** What stands at the end of the path. */
  readonly value: string;
  /** What the caller has himself, by type. */
  readonly own: Readonly<Record<string, string>>;
  /** Whether free fields that may be left out are filled in too. */
  readonly isComplete: boolean;
}

/** Arguments (or the fields of an input) by name. */
export function fillArguments(inputs: readonly Input[], filling: Filling): Record<string, unknown> {
  const [here, ...rest] = filling.path;
  const names = inputs.map(({ name }) => name);
  // Where somebody is named either as a user or as a group, one of them must be.
  const needsUser = names.includes("user") && names.includes("group") && here !== "group";
  return Object.fromEntries(
    inputs.flatMap((input) => {
      const { name, type } = input;
      if (name === here) return [[name, chosenValue(type, { ...filling, path: rest })]];
      const isNeeded = isNonNullType(type) && input.defaultValue === undefined;
      const isWelcome = filling.isComplete && !isReference(input);
      if (!isNeeded && !isWelcome && !(needsUser && name === "user")) return [];
      return [[name, plainValue(input, filling)]];
    }),
  );
}

function chosenValue(type: GraphQLInputType, filling: Filling): unknown {
  const [here, ...rest] = filling.path;
  if (here === undefined) return filling.value;
  if (typeof here === "number") return [chosenValue(type, { ...filling, path: rest })];
  const named = getNamedType(type);
  if (!isInputObjectType(named)) return filling.value;
  const fields = named.getFields();
  const inner = fields[here];
  if (!named.name.endsWith("Filter") || inner === undefined) return fillArguments(Object.values(fields), filling);
  return { [here]: chosenValue(inner.type, { ...filling, path: rest }) };
}

function plainValue({ name, type }: Input, filling: Filling): unknown {
  if (isListType(getNullableType(type))) return [scalarValue({ name, type }, filling)];
  return scalarValue({ name, type }, filling);
}

function scalarValue({ name, type }: Input, { schema, field, own, ...rest }: Filling): unknown {
  const named = getNamedType(type);
  if (isInputObjectType(named))
    return fillArguments(Object.values(named.getFields()), { ...rest, schema, field, own, path: [] });
  if (isEnumType(named)) return named.getValues()[0]?.name;
  if (named.name === "Boolean") return true;
  if (named.name === "Int") return 1;
  if (named.name === "JSON") return {};
  if (named.name === "DateTime") return name === "from" ? "2027-01-01T00:00:00Z" : "2028-01-01T00:00:00Z";
  if (field.name === "explainField" && name !== "id") return name === "type" ? "Todo" : "title";
  if (!isReference({ name, type })) return `Some ${name}`;
  return own[referredTypes(schema, field, name)[0] ?? ""] ?? "";
}
