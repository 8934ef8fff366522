/** In charge of the form that all mutations of authority share: an input, one function of iam that judges and writes, a payload. */
import type { GraphQLResolveInfo } from "graphql";
import { builder } from "../../builder/builder.js";
import type { Context } from "../../builder/context.js";
import { globalId } from "../../protect/global-id.js";
import { readObject } from "../../protect/read/read.js";
import { valueSource } from "../../protect/read/sql.js";
import type { Resource, Row } from "../../protect/resource.js";
import { spoken } from "../../protect/type/describe.js";
import { enumType } from "../../protect/type/leaf-type.js";
import { payloadType } from "../../protect/type/payload-type.js";
import { rowScope } from "../../protect/type/row-scope.js";
import { callFunction } from "../call-function.js";
import { type Argument, type Arguments, functionArguments } from "./arguments.js";

/** The options of a mutation that changes who may do what: it takes the lock, and the function it calls judges the rest. */
export const changesAuthority = {
  nullable: false,
  authScopes: { authenticated: true },
  extensions: { portcullis: { changesAuthority: true } },
} as const;

/** A mutation of authority. */
export interface AuthorityMutation {
  readonly description: string;
  /** The function of iam; it answers the uuid of the row it wrote. */
  readonly calls: string;
  readonly input: Arguments;
  /** The resource whose row the payload carries; `{ deleted }` for the id of a row that is no more. */
  readonly answers: Resource | { readonly deleted: string };
}

/** Adds mutations of authority by name: `createGroup(input: CreateGroupInput!): CreateGroupPayload!`. */
export function addAuthorityMutations(declared: Readonly<Record<string, AuthorityMutation>>): void {
  for (const [name, { description, calls, input, answers }] of Object.entries(declared)) {
    const callWith = ({ session }: Context, given: Readonly<Record<string, unknown>>) =>
      callFunction(session, calls, functionArguments(input, given));
    builder.mutationField(name, (t) => {
      const field = { ...changesAuthority, description, args: { input: t.arg(inputArgument(name, input)) } };
      if ("deleted" in answers) {
        return t.field({
          ...field,
          type: deletedPayload(name, answers.deleted),
          resolve: async (_root, args, context) => ({
            id: globalId(answers.deleted, await callWith(context, args.input)),
          }),
        });
      }
      return t.field({
        ...field,
        type: payloadType(payloadName(name), answers),
        resolve: async (_root, args, context, info) => readRow(context, info, await callWith(context, args.input)),
      });
    });
  }
}

/** The one argument of a mutation, `input: <Name>Input!`. */
export function inputArgument(name: string, declared: Arguments) {
  const type = builder
    .inputRef<Readonly<Record<string, string | null | undefined>>>(`${capitalised(name)}Input`)
    .implement({
      description: `What ${spoken(name)} needs to know.`,
      fields: (t) => ({
        ...Object.fromEntries(
          Object.entries(declared).map(([field, { type: given, isRequired, description }]) => [
            field,
            t.field({ type: inputType(given), required: isRequired, description }),
          ]),
        ),
      }),
    });
  return { type, required: true as const, description: "What to do." };
}

/** The name of a mutation's payload. */
export function payloadName(mutation: string): string {
  return `${capitalised(mutation)}Payload`;
}

function readRow({ session }: Context, info: GraphQLResolveInfo, id: string): Promise<Row> {
  return readObject(session, info, valueSource({ id }));
}

function deletedPayload(name: string, type: string) {
  return builder.objectRef<{ readonly id: string }>(payloadName(name)).implement({
    description: `What ${spoken(name)} has done.`,
    fields: (t) => ({
      id: t.id({
        nullable: false,
        description: `The global id of the ${spoken(type)} that is no more.`,
        authScopes: rowScope,
        resolve: ({ id }) => id,
      }),
    }),
  });
}

// To the compiler all of them are text: what an input holds is known at run time only, and GraphQL has checked it by then.
function inputType(type: Argument["type"]): "String" {
  if (type === "Strings") return ["String"] as unknown as "String";
  if (type === "GrantEffect" || type === "GroupType") return enumType(type) as unknown as "String";
  return type as "String";
}

function capitalised(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
