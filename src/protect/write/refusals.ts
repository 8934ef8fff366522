/** In charge of the refusals of a mutation: the same words for what is hidden and what never was. */
import { sql } from "kysely";
import { forbidden } from "../../builder/unauthorized.js";
import type { Session } from "../../database/session.js";
import { GatewayError } from "../../errors.js";
import { tableOf } from "../read/compilation.js";
import { readValue } from "../read/read.js";
import { rowSource, typed } from "../read/sql.js";
import type { Resource } from "../resource.js";

/** The field that asks and what it asks for. */
export interface Attempt {
  /** `Mutation.updateTodo` */
  readonly coordinate: string;
  /** `todos.update` */
  readonly requires: string;
}

/** A row that is not there for this caller. */
export function notFound(): GatewayError {
  return new GatewayError("NOT_FOUND", "Not found.");
}

/** Why a row was not touched: FORBIDDEN when the caller may see it, else NOT_FOUND. */
export async function refusal(
  session: Session,
  resource: Resource,
  { id, attempt }: { readonly id: string; readonly attempt: Attempt },
): Promise<GatewayError> {
  const isVisible = await readValue<boolean>(
    session,
    sql`exists (select from ${tableOf(resource, "t0")} where ${rowSource("t0")("id")} = ${typed(id, "uuid")})`,
  );
  return isVisible ? forbidden(attempt.coordinate, attempt.requires) : notFound();
}

/** Does the work; when a policy denies it, says which field was refused and what it requires. */
export async function naming<T>({ coordinate, requires }: Attempt, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const isUnnamed =
      error instanceof GatewayError && error.code === "FORBIDDEN" && error.extensions["requires"] === undefined;
    throw isUnnamed ? forbidden(coordinate, requires) : error;
  }
}
