/** In charge of the arguments that mutations of authority take: their GraphQL type, their SQL form, and what they mean. */
import type { FunctionArgument } from "../call-function.js";

/** One field of a mutation's input. */
export interface Argument {
  readonly type: keyof typeof sqlTypes;
  readonly isRequired: boolean;
  readonly description: string;
  /** The SQL function's name for it, where that is not the field's in snake_case. */
  readonly as?: string;
}

/** The fields of a mutation's input by name. */
export type Arguments = Readonly<Record<string, Argument>>;

/** The Postgres type that an input type is sent as. */
export const sqlTypes = {
  String: "text",
  ID: "text",
  Strings: "text[]",
  Boolean: "boolean",
  Int: "integer",
  DateTime: "timestamptz",
  JSON: "jsonb",
  GrantEffect: "text",
  GroupType: "text",
} as const satisfies Record<string, FunctionArgument["type"]>;

/** An argument that must be given. */
export function required(type: Argument["type"], description: string, as?: string): Argument {
  return { type, description, isRequired: true, ...(as === undefined ? {} : { as }) };
}

/** An argument that may be left out. */
export function optional(type: Argument["type"], description: string, as?: string): Argument {
  return { ...required(type, description, as), isRequired: false };
}

/** What an input says, as the arguments of the SQL function. */
export function functionArguments(
  declared: Arguments,
  input: Readonly<Record<string, unknown>>,
): readonly FunctionArgument[] {
  return Object.entries(declared).map(([name, { type, as }]) => ({
    name: as ?? snakeCase(name),
    value: input[name],
    type: sqlTypes[type],
  }));
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (capital) => `_${capital.toLowerCase()}`);
}

export const groupArgument = required("String", "The group, by name or global id.", "group");
export const userArgument = required("String", "The user, by email or global id; a member of the tenant.", "user");
export const roleArgument = required("String", "The role, by code or global id.");
export const featureArgument = required("String", "The feature, by code or global id.");
export const scopeArgument = required("String", "The scope: `type/key`, or its global id.");
export const providerArgument = required("String", "The provider, by code or global id.");
export const tenantArgument = required("String", "The tenant, by slug or global id.");

/** From when until when something holds. */
export const period = {
  from: optional("DateTime", "From when on (default now).", "valid_from"),
  until: optional("DateTime", "Until when (default without end).", "valid_until"),
} as const satisfies Arguments;
