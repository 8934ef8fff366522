/**
 * In charge of what the printed schema says of field scopes, in the spelling of federation: `@authenticated` where a
 * credential is needed, `@requiresScopes` where one of some features is. It only says so: the gateway judges by the scopes.
 */
import { type GraphQLField, type GraphQLSchema, isInterfaceType, isObjectType, Kind, parse } from "graphql";
import { fieldExtensions } from "../builder/field-extensions.js";
import { grantedByRow } from "../builder/scopes.js";

const definitions = `"""A valid credential is needed."""
directive @authenticated on FIELD_DEFINITION

"""
One of the features is needed, at the scope that the field is about: each inner list has one. A credential is needed, too.
"""
directive @requiresScopes(
  """The features, one in each inner list."""
  scopes: [[federation__Scope!]!]!
) on FIELD_DEFINITION

"""The code of a feature: \`todos.audit\`."""
scalar federation__Scope
`;

/** Adds the directives to the fields of a printed schema, and their definitions. */
export function withScopeDirectives(printed: string, schema: GraphQLSchema): string {
  const additions = fieldsOf(printed).flatMap(({ coordinate: [type, name], end }) => {
    const field = fieldNamed(schema, type, name);
    return field === undefined ? [] : [{ end, directives: directivesOf(field) }];
  });
  // From the end, so that what comes before stays where it was.
  const directed = additions.reduceRight(
    (text, { end, directives }) =>
      `${text.slice(0, end)}${directives.map((one) => ` ${one}`).join("")}${text.slice(end)}`,
    printed,
  );
  return `${definitions}\n${directed}`;
}

/** Where each field of the SDL ends. */
function fieldsOf(printed: string) {
  return parse(printed).definitions.flatMap((definition) => {
    if (definition.kind !== Kind.OBJECT_TYPE_DEFINITION && definition.kind !== Kind.INTERFACE_TYPE_DEFINITION)
      return [];
    return (definition.fields ?? []).map(({ name, type }) => ({
      coordinate: [definition.name.value, name.value] as const,
      end: type.loc?.end ?? 0,
    }));
  });
}

type Field = GraphQLField<unknown, unknown>;

function fieldNamed(schema: GraphQLSchema, typeName: string, name: string): Field | undefined {
  const type = schema.getType(typeName);
  return isObjectType(type) || isInterfaceType(type) ? type.getFields()[name] : undefined;
}

function directivesOf(field: Field): readonly string[] {
  const { features = [] } = fieldExtensions(field);
  const scopes = scopesOf(field);
  const isForCredentials = "authenticated" in scopes || grantedByRow in scopes || features.length > 0;
  const alternatives = features.map((feature) => [feature]);
  return [
    ...(isForCredentials ? ["@authenticated"] : []),
    ...(features.length > 0 ? [`@requiresScopes(scopes: ${JSON.stringify(alternatives)})`] : []),
  ];
}

function scopesOf({ extensions }: Field): object {
  const options = extensions["pothosOptions"] as { readonly authScopes?: object } | undefined;
  return options?.authScopes ?? {};
}
