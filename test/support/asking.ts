/** In charge of short ways to read an answer: what was read, or how it was refused. */
import type { Answer } from "./gateway.js";
import type { Who, World } from "./world.js";

/** How the first thing that went wrong is told. */
export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly extensions: Readonly<Record<string, unknown>>;
}

type Variables = Readonly<Record<string, unknown>>;

/** Asking as somebody, where the test knows how it ends. */
export interface Asking {
  /** The data. Fails when anything went wrong. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  reads(who: Who, query: string, variables?: Variables): Promise<any>;
  /** The first error. Fails when nothing went wrong. */
  refuses(who: Who, query: string, variables?: Variables): Promise<Refusal>;
}

/** Ways to ask a world. */
export function asking(world: World): Asking {
  return {
    reads: async (who, query, variables) => dataOf(await world.as(who, query, variables)),
    refuses: async (who, query, variables) => refusalOf(await world.as(who, query, variables)),
  };
}

/** The data of an answer without errors. */
// biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
export function dataOf({ status, body }: Answer): any {
  if (status !== 200 || body.errors !== undefined) throw new TypeError(`Refused: ${status} ${JSON.stringify(body)}`);
  return body.data;
}

/** The first error of an answer that has one. */
export function refusalOf({ status, body }: Answer): Refusal {
  const error = body.errors?.[0];
  if (error === undefined) throw new TypeError(`Not refused: ${status} ${JSON.stringify(body)}`);
  return { ...error, status, code: error.extensions.code };
}
