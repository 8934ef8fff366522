/** In charge of what it means in this very database how a table is to be guarded: it is done to empty copies of the tables, and undone. */
import { name, qualified } from "../protect/policies/spelling.js";
import type { Ask } from "./finding.js";
import { type FunctionPart, type Guard, type Part, readGuard, readNewFunctions, type Table } from "./guard.js";
import { copyOf, copyPrefix, type Guarded } from "./guarded.js";

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
    return inRealNames(renaming(tables, functions), { row, shares: sharesGuard, functions: own });
  } finally {
    await ask("rollback");
  }
}

// What iam.protect() was asked is what all else is compared with.
function isAsked(bare: string): boolean {
  return bare.startsWith("asked_of_");
}

function copies(tables: readonly Table[]): readonly string[] {
  const schemas = [...new Set(tables.map(({ schema }) => schema))];
  return [
    "set local client_min_messages = warning;",
    ...schemas.map((schema) => `create schema ${name(`${copyPrefix}${schema}`)};`),
    ...tables.flatMap((table) => {
      const copy = qualified(copyOf(table));
      return [
        `create table ${copy} (like ${qualified(table)} including defaults including identity);`,
        // whatever default privileges give is no part of what was said
        `revoke all on ${copy} from public, web_user, web_anon, iam_definer;`,
      ];
    }),
    ...schemas.map(
      (schema) => `grant usage, create on schema ${name(`${copyPrefix}${schema}`)} to api_owner, iam_definer;`,
    ),
  ];
}

function inRealNames(rename: (text: string) => string, { row, shares, functions }: Expected): Expected {
  const part = <P extends Part>(one: P): P => ({
    ...one,
    says: rename(one.says),
    sql: rename(one.sql),
    name: rename(one.name),
  });
  const guard = ({ owner, policies, triggers, rights }: Guard): Guard => ({
    owner,
    policies: policies.map(part),
    triggers: triggers.map(part),
    rights: rights.map(part),
  });
  return { row: guard(row), shares: shares && guard(shares), functions: functions.map(part) };
}

// A function of ours is named after its table, and PostgreSQL repeats that name as the name of what it answers.
function renaming(tables: readonly Table[], functions: readonly FunctionPart[]): (text: string) => string {
  const schemas = [...new Set(tables.map(({ schema }) => schema))];
  const ofTable = ({ bare }: FunctionPart): string =>
    schemas.reduce(
      (called, schema) => called.replace(`${copyPrefix}${schema}_`, schema === "public" ? "" : `${schema}_`),
      bare,
    );
  const pairs = [
    ...functions.map((one) => [name(one.bare), name(ofTable(one))] as const),
    ...schemas.map((schema) => [`${name(`${copyPrefix}${schema}`)}.`, `${name(schema)}.`] as const),
  ];
  return (text) => pairs.reduce((renamed, [from, to]) => renamed.replaceAll(from, to), text);
}
