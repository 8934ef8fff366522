/** In charge of what all mutations of authority have in common: who may ask, the lock, and the payload read after the call. */
import type { GraphQLResolveInfo } from "graphql";
import type { Context } from "../builder/context.js";
import { readObject } from "../protect/read/read.js";
import { valueSource } from "../protect/read/sql.js";
import type { Row } from "../protect/resource.js";
import { callFunction, type FunctionArgument } from "./call-function.js";

/** The options of a mutation that changes who may do what. The function it calls judges the rest. */
export const changesAuthority = {
  nullable: false,
  authScopes: { authenticated: true },
  extensions: { portcullis: { changesAuthority: true } },
} as const;

/** Calls a function of iam that answers the id of the row it wrote, and reads the payload's row as the caller. */
export async function callAndRead(
  { session }: Context,
  info: GraphQLResolveInfo,
  [name, given]: readonly [string, Readonly<Record<string, FunctionArgument>>],
): Promise<Row> {
  const id = await callFunction(session, name, given);
  return readObject(session, info, valueSource({ id }));
}
