/** In charge of random operations: any root field, with any values that the schema lets through, and many that it doesn't. */
import fc from "fast-check";
import {
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNamedType,
  isCompositeType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
  isRequiredArgument,
} from "graphql";

/** One of them. */
export interface ArbitraryOperation {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

const ids = ["Todo:70d00000-0000-4000-8000-000000000001", "Group:60000000-0000-4000-8000-000000000001", "Todo:x", ":"];
const names = ["campus/chicago", "global/all", "a//b", "*", "todos.read", "bob@acme.test", "Office", "acme", "member"];
const traps = [
  "",
  " ",
  "\u0000",
  "\ud800",
  "'",
  '"',
  "\\",
  "%",
  "$1",
  "{}",
  "{a,b}",
  "NULL",
  "null",
  "x".repeat(6_000),
];
const moments = ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999+23:59", "2026-02-30T00:00:00Z"];
const texts = fc.constantFrom(...ids, ...names, ...traps);

const scalars: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  Int: fc.constantFrom(-2_147_483_648, -1, 0, 1, 100, 101, 2_147_483_647),
  Float: fc.constantFrom(-1.5, 0, 1e308),
  Boolean: fc.boolean(),
  DateTime: fc.constantFrom(...moments, "2027-01-01T00:00:00Z"),
  Decimal: fc.constantFrom("0", "9".repeat(100), `1.${"9".repeat(100)}`),
  BigInt: fc.constantFrom("0", "9223372036854775808"),
  JSON: fc.constantFrom(null, [], {}, { keys: [] }, { subject: 5 }, "\u0000", { "\u0000": "\u0000" }),
};

/** An operation of one root field of the schema, its answer looked at no deeper than two levels. */
export function arbitraryOperation(schema: GraphQLSchema): fc.Arbitrary<ArbitraryOperation> {
  const roots = [
    ...Object.values(schema.getQueryType()?.getFields() ?? {}).map((field) => ["query", field] as const),
    ...Object.values(schema.getMutationType()?.getFields() ?? {}).map((field) => ["mutation", field] as const),
  ];
  return fc.constantFrom(...roots).chain(([operation, field]) =>
    fc.record(Object.fromEntries(field.args.map(({ name, type }) => [name, anyValue(type, 0)]))).map((variables) => ({
      query: `${operation} ${declared(field)} { ${field.name}${passed(field)}${selectionOf(field.type, 2)} }`,
      variables,
    })),
  );
}

function declared({ args }: GraphQLField<unknown, unknown>): string {
  return args.length === 0 ? "" : `(${args.map(({ name, type }) => `$${name}: ${type}`).join(", ")})`;
}

function passed({ args }: GraphQLField<unknown, unknown>): string {
  return args.length === 0 ? "" : `(${args.map(({ name }) => `${name}: $${name}`).join(", ")})`;
}

function selectionOf(type: GraphQLOutputType, depth: number): string {
  const named = getNamedType(type);
  if (!isCompositeType(named)) return "";
  const fields = depth === 0 || !isObjectType(named) ? [] : Object.values(named.getFields());
  const asked = fields
    .filter(({ args }) => !args.some(isRequiredArgument))
    .map(({ name, type: inner }) => `${name}${selectionOf(inner, depth - 1)}`);
  return ` { __typename ${asked.join(" ")} }`;
}

function anyValue(type: GraphQLInputType, depth: number): fc.Arbitrary<unknown> {
  if (isNonNullType(type)) return givenValue(type.ofType, depth);
  // Deep inputs end by leaving out what may be left out.
  return depth > 3 ? fc.constant(undefined) : fc.option(givenValue(type, depth), { nil: undefined, freq: 2 });
}

function givenValue(type: GraphQLInputType, depth: number): fc.Arbitrary<unknown> {
  if (isNonNullType(type)) return givenValue(type.ofType, depth);
  if (isListType(type)) return fc.array(givenValue(type.ofType, depth + 1), { maxLength: 3 });
  if (isEnumType(type)) return fc.constantFrom(...type.getValues().map(({ name }) => name));
  if (!isInputObjectType(type)) return scalars[type.name] ?? texts;
  const fields = Object.values(type.getFields());
  return fc.record(Object.fromEntries(fields.map((field) => [field.name, anyValue(field.type, depth + 1)])));
}
