/** In charge of what a text in the schema means: a reference to something that is there, or free text. */
import { type GraphQLField, type GraphQLInputType, type GraphQLSchema, getNamedType, isInterfaceType } from "graphql";

/** Texts that name nothing that is there. */
const freeTexts = new Set(
  "name title message internalNote description after before code key type slug email route subject issuer audience algorithms jwksUri externalId externalRole audienceClaim preset tokenTypes secret purpose token field reminder".split(
    " ",
  ),
);

/** References that aren't called by their type. */
const otherNames: Readonly<Record<string, string>> = {
  parent: "Scope",
  owner: "User",
  mapping: "GroupMapping",
  routeParent: "Feature",
  // of a subscription: the last event that is known. A list's is a cursor, and no id.
  after: "AuditEvent",
};

/** The field that is a natural key by itself, unique wherever the caller may look. */
export const naturalKeys: Readonly<Record<string, string>> = {
  User: "email",
  Group: "name",
  Role: "code",
  Tenant: "slug",
};

/** What the `id` of a field is of, where its name doesn't say it: rows of declared tables. */
const ofRows: Readonly<Record<string, readonly string[]>> = {
  explainField: ["Todo"],
  explainRow: ["Todo", "Chat", "Sale"],
  whoCanAccess: ["Todo", "Chat", "Sale"],
};

/** An argument or an input field. */
export interface Input {
  readonly name: string;
  readonly type: GraphQLInputType;
  readonly defaultValue?: unknown;
}

/** Whether an input names something. What is neither an id nor known as free text does, until this file says otherwise. */
export function isReference({ name, type }: Input): boolean {
  const named = getNamedType(type).name;
  return named === "ID" || (named === "String" && !freeTexts.has(name));
}

/** The types that an input may name, by its name; `id` and `included` are of the field's own type. None where that can't be told. */
export function referredTypes(
  schema: GraphQLSchema,
  field: GraphQLField<unknown, unknown>,
  name: string,
): readonly string[] {
  const types = nodeTypes(schema);
  if (!/^(ids?|included)$/.test(name)) {
    const wanted = (otherNames[name] ?? name.replace(/s$/, "")).toLowerCase();
    return types.filter((type) => type.toLowerCase() === wanted);
  }
  const answer = getNamedType(field.type);
  if (isInterfaceType(answer)) return types;
  const rows = ofRows[field.name];
  if (rows !== undefined) return rows;
  return types.filter((type) => answer.name === type || field.name.endsWith(type)).slice(0, 1);
}

function nodeTypes(schema: GraphQLSchema): readonly string[] {
  const node = schema.getType("Node");
  if (!isInterfaceType(node)) return [];
  return schema.getPossibleTypes(node).map(({ name }) => name);
}
