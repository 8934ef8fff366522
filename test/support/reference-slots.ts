/**
 * In charge of every place in the schema where a client names something: an id or a natural key, in an argument, an input
 * or a filter, at the root or below it. Read from the schema, so that a new field is known the day it appears.
 */
import {
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isInputObjectType,
  isInterfaceType,
  isListType,
  isObjectType,
  isRequiredArgument,
} from "graphql";
import { fillArguments, type Path } from "./fill-arguments.js";
import { type Input, isReference, naturalKeys, referredTypes } from "./references.js";

/** One place where something is named. */
export interface Slot {
  /** `Mutation.shareTodo(input.group)` */
  readonly name: string;
  /** `Mutation.shareTodo` */
  readonly field: string;
  readonly operation: "query" | "mutation" | "subscription";
  /** The type of what is named. */
  readonly type: string;
  /** Whether an id is taken, a natural key, or both. */
  readonly takes: readonly ("id" | "key")[];
  /** Whether the field is one of a row, not of a root. */
  readonly isBelow: boolean;
  /** Whether it narrows a list. */
  readonly isFilter: boolean;
  /** The operation with this value in the slot, and what else is needed out of the caller's own. */
  readonly ask: (
    value: string,
    own: Readonly<Record<string, string>>,
  ) => { readonly query: string; readonly variables: Readonly<Record<string, unknown>> };
}

/** What the schema says about where things are named. */
export interface ReferenceSlots {
  readonly slots: readonly Slot[];
  /** Texts of which nobody has said what they name: say it in references.ts. */
  readonly unclassified: readonly string[];
}

interface Place {
  readonly path: Path;
  readonly type: string;
  readonly takes: Slot["takes"];
  readonly isFilter: boolean;
}

/** A field, and how an operation gets to it. */
interface Reached {
  readonly operation: Slot["operation"];
  readonly owner: GraphQLObjectType;
  readonly field: GraphQLField<unknown, unknown>;
  /** What stands before and behind the field; null at a root. */
  readonly way: readonly [before: string, behind: string] | null;
}

/** Finds them all. */
export function referenceSlots(schema: GraphQLSchema): ReferenceSlots {
  const unclassified: string[] = [];
  const slots = [...rootFields(schema), ...fieldsBelow(schema)].flatMap((reached) => {
    const { owner, field } = reached;
    const report = (path: Path) => unclassified.push(`${owner.name}.${field.name}(${path.join(".")})`);
    const places = field.args.flatMap((argument) => placesIn({ schema, field, report }, argument, []));
    return places.map((place) => toSlot(schema, reached, place));
  });
  return { slots, unclassified };
}

function rootFields(schema: GraphQLSchema): readonly Reached[] {
  const roots = [
    ["query", schema.getQueryType()],
    ["mutation", schema.getMutationType()],
    ["subscription", schema.getSubscriptionType()],
  ] as const;
  return roots.flatMap(([operation, owner]) =>
    owner ? Object.values(owner.getFields()).map((field) => ({ operation, owner, field, way: null })) : [],
  );
}

function fieldsBelow(schema: GraphQLSchema): readonly Reached[] {
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
  return Object.values(schema.getTypeMap()).flatMap((owner) => {
    if (!isObjectType(owner) || roots.includes(owner) || owner.name.startsWith("__")) return [];
    const fields = Object.values(owner.getFields()).filter(({ args }) => args.length > 0);
    return fields.map((field) => ({ operation: "query" as const, owner, field, way: wayTo(schema, owner) }));
  });
}

/** A row is reached by its id, in `$at`; anything else through a root field that needs nothing. */
function wayTo(schema: GraphQLSchema, owner: GraphQLObjectType): readonly [string, string] {
  if (owner.getInterfaces().some(({ name }) => name === "Node"))
    return [`node(id: $at) { ... on ${owner.name} {`, "} }"];
  const root = Object.values(schema.getQueryType()?.getFields() ?? {}).find(
    ({ type, args }) => getNamedType(type) === owner && args.every((argument) => !isRequiredArgument(argument)),
  );
  if (root === undefined) throw new TypeError(`Nobody has said how a client gets to a ${owner.name}.`);
  return [`${root.name} {`, "}"];
}

interface Search {
  readonly schema: GraphQLSchema;
  readonly field: GraphQLField<unknown, unknown>;
  readonly report: (path: Path) => void;
}

function placesIn(search: Search, input: Input, above: Path): readonly Place[] {
  const { name, type } = input;
  const path = [...above, name, ...(isListType(getNullableType(type)) ? [0] : [])];
  const named = getNamedType(type);
  if (isInputObjectType(named)) {
    if (named.name.endsWith("Filter")) return placesInFilter(search, named.name.replace(/Filter$/, ""), path);
    return Object.values(named.getFields()).flatMap((inner) => placesIn(search, inner, path));
  }
  if (!isReference(input)) return [];
  const types = referredTypes(search.schema, search.field, name);
  if (types.length === 0) search.report(path);
  const takes = named.name === "String" ? (["id", "key"] as const) : (["id"] as const);
  return types.map((one) => ({ path, type: one, takes, isFilter: false }));
}

function placesInFilter({ schema }: Search, of: string, path: Path): readonly Place[] {
  const filter = schema.getType(`${of}Filter`);
  const type = schema.getType(of);
  if (!isInputObjectType(filter) || !isObjectType(type)) return [];
  return Object.values(filter.getFields()).flatMap(({ name, type: inner }) => {
    const by = { IDFilter: "id", StringFilter: "key" }[getNamedType(inner).name];
    if (by === "key" && naturalKeys[of] !== name) return [];
    if (by !== "id" && by !== "key") return [];
    const far = type.getFields()[name];
    const named = by === "key" || name === "id" || far === undefined ? of : getNamedType(far.type).name;
    const ways: readonly Path[] = [["eq"], ["ne"], ["in", 0]];
    return ways.map((way) => ({ path: [...path, name, ...way], type: named, takes: [by] as const, isFilter: true }));
  });
}

function toSlot(schema: GraphQLSchema, { operation, owner, field, way }: Reached, place: Place): Slot {
  const { path, type, takes, isFilter } = place;
  const isByRow = way?.[0].includes("$at") ?? false;
  const declared = [
    ...field.args.map(({ name, type: given }) => `$${name}: ${given}`),
    ...(isByRow ? ["$at: ID!"] : []),
  ];
  const passed = field.args.map(({ name }) => `${name}: $${name}`);
  const [before, behind] = way ?? ["", ""];
  const asked = `${before} ${field.name}(${passed.join(", ")})${selectionOf(field)} ${behind}`.trim();
  const coordinate = `${owner.name}.${field.name}`;
  return {
    name: `${coordinate}(${path.join(".")}) of a ${type}`,
    field: coordinate,
    operation,
    type,
    takes,
    isBelow: way !== null,
    isFilter,
    ask: (value, own) => ({
      query: `${operation} (${declared.join(", ")}) { ${asked} }`,
      variables: {
        ...fillArguments(field.args, { schema, field, path, value, own, isComplete: operation === "mutation" }),
        ...(isByRow ? { at: own[owner.name] } : {}),
      },
    }),
  };
}

function selectionOf({ type }: GraphQLField<unknown, unknown>): string {
  const named = getNamedType(type);
  if (!isObjectType(named) && !isInterfaceType(named)) return "";
  if (named.name.endsWith("Connection")) return " { totalCount edges { node { id } } }";
  const results = Object.values(named.getFields()).filter(({ type: inner }) => {
    const item = getNamedType(inner);
    return isListType(getNullableType(inner)) && isObjectType(item) && item.getFields()["code"] !== undefined;
  });
  return ` { __typename ${results.map(({ name }) => `${name} { code message }`).join(" ")} }`;
}
