/** In charge of what a declaration means in this very database: its migration is run on empty copies of the tables and undone. */
import { guardTable } from "../protect/policies/guard-table.js";
import type { Protection } from "../protect/policies/protection.js";
import { name, qualified } from "../protect/policies/spelling.js";
import type { Ask } from "./finding.js";
import { type FunctionPart, type Guard, type Part, readGuard, readNewFunctions, type Table } from "./guard.js";

/** What PostgreSQL makes of a declaration. */
export interface Expected {
  readonly row: Guard;
  readonly shares: Guard | null;
  readonly functions: readonly FunctionPart[];
}

/** Asks PostgreSQL. Takes no lock that an application would notice, and leaves nothing behind. The tables must be there. */
export async function expectedOf(ask: Ask, protection: Protection): Promise<Expected> {
  const copied = copyOf(protection);
  await ask("begin");
  try {
    const above = ancestorsOf(copied).map(guardTable);
    await ask([...copies(protection), ...above].join("\n"));
    const ofAbove = await readNewFunctions(ask);
    await ask(guardTable(copied));
    const { shares } = copied;
    const row = await readGuard(ask, copied);
    const sharesGuard = shares && (await readGuard(ask, shares));
    const functions = await readNewFunctions(ask);
    if (row === null) throw new TypeError(`The copy of ${qualified(protection)} wasn't made.`);
    const own = functions.filter(({ bare }) => !ofAbove.some((one) => one.bare === bare));
    return inRealNames(renaming(protection, functions), { row, shares: sharesGuard, functions: own });
  } finally {
    await ask("rollback");
  }
}

// No schema of anybody begins so, and the name is always quoted: what stands for what can't be mistaken.
const copyPrefix = "~";

function copyOf(protection: Protection): Protection {
  const { schema, shares, parent } = protection;
  return {
    ...protection,
    schema: `${copyPrefix}${schema}`,
    shares: shares && { ...shares, schema: `${copyPrefix}${shares.schema}` },
    parent: parent && { ...parent, protection: copyOf(parent.protection) },
  };
}

// A row that follows another asks the functions of that one's table.
function ancestorsOf({ parent }: Protection): readonly Protection[] {
  return parent === null ? [] : [...ancestorsOf(parent.protection), parent.protection];
}

function copies(protection: Protection): readonly string[] {
  const tables = tablesOf(protection);
  const schemas = [...new Set(tables.map(({ schema }) => schema))];
  return [
    "set local client_min_messages = warning;",
    ...schemas.map((schema) => `create schema ${name(`${copyPrefix}${schema}`)};`),
    ...tables.flatMap(({ schema, table }) => {
      const copy = qualified({ schema: `${copyPrefix}${schema}`, table });
      return [
        `create table ${copy} (like ${qualified({ schema, table })});`,
        // whatever default privileges give is no part of the declaration
        `revoke all on ${copy} from public, web_user, web_anon, iam_definer;`,
      ];
    }),
    ...schemas.map(
      (schema) => `grant usage, create on schema ${name(`${copyPrefix}${schema}`)} to api_owner, iam_definer;`,
    ),
  ];
}

/** The tables that a declaration speaks of: its own, its shares', and those that it follows. */
export function tablesOf({ schema, table, shares, parent }: Protection): readonly Table[] {
  const above = parent === null ? [] : tablesOf(parent.protection);
  const all = [{ schema, table }, ...(shares ? [{ schema: shares.schema, table: shares.table }] : []), ...above];
  return all.filter((one, at) => all.findIndex((other) => qualified(other) === qualified(one)) === at);
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
function renaming(protection: Protection, functions: readonly FunctionPart[]): (text: string) => string {
  const schemas = [...new Set(tablesOf(protection).map(({ schema }) => schema))];
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
