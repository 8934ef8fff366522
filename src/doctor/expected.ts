/** In charge of what it means in this very database how a table is to be guarded: it is done to empty copies of the tables, and undone. */
import { name, qualified } from "../protect/policies/spelling.js";
import type { Ask } from "./finding.js";
import { type FunctionPart, type Guard, readGuard, readNewFunctions, type Table } from "./guard.js";
import { copyOf, copyPrefix, type Guarded } from "./guarded.js";
import { renamedGuard, renamedPart, renaming } from "./real-names.js";

/** What PostgreSQL makes of it. */
export interface Expected {
  readonly row: Guard;
  readonly shares: Guard | null;
  readonly functions: readonly FunctionPart[];
}

/** Asks PostgreSQL. Takes no lock that an application would notice, and leaves nothing behind. The tables must be there. */
export async function expectedOf(ask: Ask, guarded: Guarded): Promise<Expected> {
  const { shares, tables, guardsAbove, guard } = guarded;
  await ask("begin");
  try {
    await ask([...copies(tables), ...guardsAbove].join("\n"));
    const ofAbove = await readNewFunctions(ask);
    await ask(guard);
    const row = await readGuard(ask, copyOf(guarded));
    const sharesGuard = shares && (await readGuard(ask, copyOf(shares)));
    const functions = await readNewFunctions(ask);
    if (row === null) throw new TypeError(`The copy of ${qualified(guarded)} wasn't made.`);
    const own = functions.filter(({ bare }) => !isAsked(bare) && !ofAbove.some((one) => one.bare === bare));
    const rename = renaming(tables, functions);
    return {
      row: renamedGuard(rename, row),
      shares: sharesGuard && renamedGuard(rename, sharesGuard),
      functions: own.map((one) => renamedPart(rename, one)),
    };
  } finally {
    await ask("rollback");
  }
}

// What iam.protect() was asked is what all else is compared with.
function isAsked(bare: string): boolean {
  return bare.startsWith("asked_of_");
}

/** The statements that make empty copies of tables, in schemas of their own. */
export function copies(tables: readonly Table[]): readonly string[] {
  const schemas = [...new Set(tables.map(({ schema }) => schema))];
  return [
    "set local client_min_messages = warning;",
    ...schemas.map((schema) => `create schema ${name(`${copyPrefix}${schema}`)};`),
    ...tables.flatMap((table) => {
      const copy = qualified(copyOf(table));
      return [
        `create table ${copy} (like ${qualified(table)} including defaults including identity);`,
        // whatever default privileges give is no part of what was said
        `revoke all on ${copy} from public, web_user, web_delegate, web_anon, iam_definer;`,
      ];
    }),
    ...schemas.map(
      (schema) => `grant usage, create on schema ${name(`${copyPrefix}${schema}`)} to api_owner, iam_definer;`,
    ),
  ];
}
