/** In charge of the scalars: what GraphQL has no type for, written so that nothing is lost on the way. */
import { GraphQLError, Kind, type ValueNode } from "graphql";

/** What a resolver gives and gets per scalar. Times, decimals and big integers stay text from Postgres to the client. */
export type Scalars = {
  readonly DateTime: { readonly Input: string; readonly Output: string };
  readonly Decimal: { readonly Input: string; readonly Output: string };
  readonly BigInt: { readonly Input: string; readonly Output: string };
  readonly JSON: { readonly Input: unknown; readonly Output: unknown };
};

const moment = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/;

/** How each scalar is described, written and read. What is no such value is the client's mistake, never a server error. */
export const scalarOptions = {
  DateTime: {
    description: "A moment as ISO 8601 text with an offset, exact to the microsecond: `2026-11-21T03:01:00.123456Z`.",
    serialize: (value: unknown): string => toUtc(String(value)),
    ...reader("DateTime", moment, [Kind.STRING], inUtc),
  },
  Decimal: {
    description: 'A decimal number as text, so that no digit is lost: `"1000.00"`.',
    serialize: String,
    ...reader("Decimal", /^-?\d{1,100}(\.\d{1,100})?$/, [Kind.STRING, Kind.INT, Kind.FLOAT]),
  },
  BigInt: {
    description: 'A whole number of up to 64 bits as text: `"9007199254740993"`.',
    serialize: String,
    ...reader("BigInt", /^-?\d{1,19}$/, [Kind.STRING, Kind.INT]),
  },
  JSON: {
    description: "Any JSON value.",
    serialize: (value: unknown): unknown => value,
  },
} as const;

function reader(name: string, pattern: RegExp, kinds: readonly Kind[], toText = (text: string) => text) {
  const parseValue = (value: unknown): string => {
    const text = typeof value === "number" ? String(value) : value;
    if (typeof text === "string" && pattern.test(text)) return toText(text);
    throw new GraphQLError(`Not a ${name}.`);
  };
  const parseLiteral = (node: ValueNode): string =>
    parseValue(kinds.includes(node.kind) && "value" in node ? node.value : undefined);
  return { parseValue, parseLiteral };
}

// A column without an offset would take the hour as it is written, wherever that was. A day that isn't stays for Postgres to refuse.
function inUtc(text: string): string {
  const [day = ""] = text.split("T");
  const isDay = new Date(`${day}T00:00:00Z`).toJSON()?.startsWith(day) === true;
  return text.endsWith("Z") || !isDay ? text : toUtc(text);
}

/**
 * Postgres writes the offset of its own zone, and none where a column has none: that is UTC. A Date ends at milliseconds, so
 * the fraction goes around it.
 */
function toUtc(told: string): string {
  if (told.endsWith("+00:00")) return `${told.slice(0, -6)}Z`;
  const text = /T[\d:.]+$/.test(told) ? `${told}Z` : told;
  const fraction = /\.\d+/.exec(text)?.[0] ?? "";
  const moment = new Date(text.replace(fraction, ""));
  return Number.isNaN(moment.getTime()) ? text : moment.toISOString().replace(".000", fraction);
}
