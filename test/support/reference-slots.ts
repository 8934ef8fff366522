/**
 * In charge of every place in the schema where a client names something: an id or a natural key, in an argument, an input
 * or a filter. Read from the schema, so that a new field is known the day it appears.
 */
import {
  type GraphQLField,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isInputObjectType,
  isInterfaceType,
  isListType,
  isObjectType,
} from "graphql";
import { fillArguments, type Path } from "./fill-arguments.js";
import { type Input, isReference, referredTypes } from "./references.js";

/** One place where something is named. */
export interface Slot {
  /** `Mutation.shareTodo(input.group)` */
  readonly name: string;
  /** `Mutation.shareTodo` */
  readonly field: string;
  readonly operation: "query" | "mutation";
  /** The type of what is named. */
  readonly type: string;
  /** Whether a natural key is taken beside the id. */
  readonly takesKey: boolean;
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
  readonly takesKey: boolean;
  readonly isFilter: boolean;
}

/** Finds them all. */
export function referenceSlots(schema: GraphQLSchema): ReferenceSlots {
  const unclassified: string[] = [];
  const roots = [
    ["query", schema.getQueryType()],
    ["mutation", schema.getMutationType()],
  ] as const;
  const slots = roots.flatMap(([operation, root]) =>
    Object.values(root?.getFields() ?? {}).flatMap((field) => {
      const report = (path: Path) => unclassified.push(`${root?.name}.${field.name}(${path.join(".")})`);
      const places = field.args.flatMap((argument) => placesIn({ schema, field, report }, argument, []));
      return places.map((place) => toSlot(schema, { operation, field, place }));
    }),
  );
  return { slots, unclassified };
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
  return types.map((one) => ({ path, type: one, takesKey: named.name === "String", isFilter: false }));
}

function placesInFilter({ schema }: Search, of: string, path: Path): readonly Place[] {
  const filter = schema.getType(`${of}Filter`);
  const type = schema.getType(of);
  if (!isInputObjectType(filter) || !isObjectType(type)) return [];
  return Object.values(filter.getFields()).flatMap(({ name, type: inner }) => {
    if (getNamedType(inner).name !== "IDFilter") return [];
    const far = type.getFields()[name];
    const named = name === "id" || far === undefined ? of : getNamedType(far.type).name;
    const ways: readonly Path[] = [["eq"], ["ne"], ["in", 0]];
    return ways.map((way) => ({ path: [...path, name, ...way], type: named, takesKey: false, isFilter: true }));
  });
}

interface Placed {
  readonly operation: Slot["operation"];
  readonly field: GraphQLField<unknown, unknown>;
  readonly place: Place;
}

function toSlot(schema: GraphQLSchema, { operation, field, place }: Placed): Slot {
  const { path, type, takesKey, isFilter } = place;
  const declared = field.args.map(({ name, type: given }) => `$${name}: ${given}`);
  const passed = field.args.map(({ name }) => `${name}: $${name}`);
  const query = `${operation} (${declared.join(", ")}) { ${field.name}(${passed.join(", ")})${selectionOf(field)} }`;
  const coordinate = `${operation === "query" ? "Query" : "Mutation"}.${field.name}`;
  return {
    name: `${coordinate}(${path.join(".")}) of a ${type}`,
    field: coordinate,
    operation,
    type,
    takesKey,
    isFilter,
    ask: (value, own) => ({
      query,
      variables: fillArguments(field.args, { schema, field, path, value, own, isComplete: operation === "mutation" }),
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
