/** In charge of the fields that every operation begins with, each with arguments that it can be sent with. */
import { type GraphQLSchema, getNamedType, isCompositeType } from "graphql";
import { fillArguments } from "./fill-arguments.js";

/** One way in. */
export interface RootField {
  /** `Mutation.createTodo` */
  readonly name: string;
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** Every root field of the schema; what it names exists nowhere. */
export function rootFields(schema: GraphQLSchema): readonly RootField[] {
  const roots = [
    ["query", schema.getQueryType()],
    ["mutation", schema.getMutationType()],
    ["subscription", schema.getSubscriptionType()],
  ] as const;
  return roots.flatMap(([operation, root]) =>
    Object.values(root?.getFields() ?? {}).map((field) => {
      const declared = field.args.map(({ name, type }) => `$${name}: ${type}`).join(", ");
      const passed = field.args.map(({ name }) => `${name}: $${name}`).join(", ");
      const selection = isCompositeType(getNamedType(field.type)) ? " { __typename }" : "";
      const filling = { schema, field, path: [], value: "", own: {}, isComplete: false };
      return {
        name: `${root?.name}.${field.name}`,
        query: `${operation} ${declared && `(${declared})`} { ${field.name}${passed && `(${passed})`}${selection} }`,
        variables: fillArguments(field.args, filling),
      };
    }),
  );
}

/** The fields that somebody without a credential is not told to show one at. */
export async function openToNobody(
  fields: readonly RootField[],
  ask: (field: RootField) => Promise<{ readonly body: unknown }>,
): Promise<readonly string[]> {
  const open: string[] = [];
  for (const field of fields) {
    const { body } = await ask(field);
    if (!JSON.stringify(body).includes(`${field.name} requires authenticated.`)) open.push(field.name);
  }
  return open;
}
