/** In charge of reading the body of a GraphQL request: JSON, small enough, and one operation. */
import type { GraphQLParams } from "graphql-yoga";
import { z } from "zod";
import { GatewayError } from "../errors.js";

/** The largest body that is read, in bytes. */
export const largestBody = 262_144;

// Whoever walks a value calls himself at each level; a filter of as many conditions as there may be is not half as deep.
const deepestVariables = 500;

const record = z.record(z.string(), z.unknown());
const operation = z.strictObject({
  query: z.string(),
  operationName: z.string().nullish(),
  variables: record.nullish(),
  extensions: record.nullish(),
});

/**
 * Reads the parameters of one operation.
 * @throws GatewayError PAYLOAD_TOO_LARGE, GRAPHQL_VALIDATION_FAILED for variables without a bottom, or GRAPHQL_PARSE_FAILED
 * when the body isn't what GraphQL over HTTP asks for
 */
export async function readBody(request: Request): Promise<GraphQLParams> {
  const parsed = operation.safeParse(parseJson(await readBytes(request)));
  if (!parsed.success) throw notAnOperation();
  const { query, operationName, variables, extensions } = parsed.data;
  if (isDeeper(variables, deepestVariables)) throw tooDeep();
  return {
    query,
    ...(operationName ? { operationName } : {}),
    ...(variables ? { variables } : {}),
    ...(extensions ? { extensions } : {}),
  };
}

async function readBytes(request: Request): Promise<Buffer> {
  if (Number(request.headers.get("content-length") ?? 0) > largestBody) throw tooLarge();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.byteLength;
    if (size > largestBody) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw notAnOperation();
  }
}

// Level by level: to call itself is what it keeps others from.
function isDeeper(value: unknown, levels: number): boolean {
  let level = [value];
  for (let depth = 0; depth < levels && level.length > 0; depth++) {
    level = level.flatMap((one) => (typeof one === "object" && one !== null ? Object.values(one) : []));
  }
  return level.length > 0;
}

function tooDeep(): GatewayError {
  return new GatewayError("GRAPHQL_VALIDATION_FAILED", `Variables may be at most ${deepestVariables} levels deep.`, {
    reason: "TOO_LARGE",
  });
}

function tooLarge(): GatewayError {
  return new GatewayError("PAYLOAD_TOO_LARGE", `A request may have at most ${largestBody} bytes.`);
}

function notAnOperation(): GatewayError {
  return new GatewayError(
    "GRAPHQL_PARSE_FAILED",
    'The body must be one JSON object with "query", and "variables", "operationName" or "extensions" beside it where needed.',
  );
}
