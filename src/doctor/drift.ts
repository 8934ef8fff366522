/** In charge of the difference between how a table was said to be guarded, by a declaration or to `iam.protect()`, and what the database does. */
import { qualified } from "../protect/policies/spelling.js";
import { expectedOf } from "./expected.js";
import type { Ask, Finding, FindingId } from "./finding.js";
import { type Guard, type Part, type Right, readFunctions, readGuard, type Table } from "./guard.js";
import type { Guarded } from "./guarded.js";

/** Finds it for one table and the table of its shares. */
export async function findDrift(ask: Ask, guarded: Guarded): Promise<readonly Finding[]> {
  const absent = await absentTables(ask, guarded);
  if (absent.length > 0) return absent.map(missingTable);
  const { shares } = guarded;
  const expected = await expectedOf(ask, guarded);
  const functions = await readFunctions(
    ask,
    expected.functions.map(({ name }) => name),
  );
  const ofShares = shares && expected.shares ? await compare(ask, shares, expected.shares) : [];
  return [
    ...changed("PC056", "function", expected.functions, functions),
    ...(await compare(ask, guarded, expected.row)),
    ...ofShares,
  ];
}

async function absentTables(ask: Ask, { tables }: Guarded): Promise<readonly string[]> {
  const names = tables.map(qualified);
  const rows = await ask<{ readonly name: string }>(
    "select name from unnest($1::text[]) as name where to_regclass(name) is null",
    [names],
  );
  return rows.map(({ name }) => name);
}

function missingTable(name: string): Finding {
  return {
    id: "PC050",
    problem: `The declared table ${name} isn't there.`,
    mend: "-- npx portcullis protect, where no migration makes it yet; then npx portcullis migrate",
  };
}

async function compare(ask: Ask, table: Table, expected: Guard): Promise<readonly Finding[]> {
  const actual = await readGuard(ask, table);
  return actual === null ? [] : compareGuards(qualified(table), actual, expected);
}

/** What differs between what guards a table and what is to guard it. */
export function compareGuards(on: string, actual: Guard, expected: Guard): readonly Finding[] {
  return [
    ...(actual.owner === expected.owner ? [] : [wrongOwner(on, actual, expected)]),
    ...comparePolicies(on, actual.policies, expected.policies),
    ...compareRights(on, actual.rights, expected.rights),
    ...changed("PC057", "trigger", expected.triggers, actual.triggers, on),
  ];
}

function wrongOwner(on: string, actual: Guard, expected: Guard): Finding {
  return {
    id: "PC058",
    problem: `${on} belongs to ${actual.owner}, not to ${expected.owner}.`,
    mend: `alter table ${on} owner to ${expected.owner};`,
  };
}

function comparePolicies(on: string, actual: readonly Part[], expected: readonly Part[]): readonly Finding[] {
  const undeclared = actual.filter(({ name }) => named(expected, name) === undefined);
  return [
    ...expected.flatMap(({ name, says, sql }): readonly Finding[] => {
      const found = named(actual, name);
      if (found === undefined) return [{ id: "PC051", problem: `${on} lacks the declared policy ${name}.`, mend: sql }];
      if (found.says === says) return [];
      const problem = `The policy ${name} of ${on} isn't what the declaration says.`;
      return [{ id: "PC052", problem, mend: `drop policy ${name} on ${on}; ${sql}` }];
    }),
    ...undeclared.map(
      ({ name }): Finding => ({
        id: "PC053",
        problem: `No declaration says the policy ${name} of ${on}.`,
        mend: `drop policy ${name} on ${on};`,
      }),
    ),
  ];
}

function compareRights(on: string, actual: readonly Right[], expected: readonly Right[]): readonly Finding[] {
  const beyond = actual.filter(({ name, grantee }) => grantee !== "iam_definer" && named(expected, name) === undefined);
  const lacking = expected.filter(({ name }) => named(actual, name) === undefined);
  return [
    ...beyond.map(({ what, privilege, grantee }): Finding => {
      // Taking a privilege from the table takes it from every column.
      const again = expected.filter((one) => one.privilege === privilege && one.grantee === grantee);
      const revoke = `revoke ${what} on ${on} from ${grantee};`;
      return {
        id: "PC054",
        problem: `${grantee} holds ${what} on ${on}, which no declaration says.`,
        mend: what === privilege ? [revoke, ...again.map(({ sql }) => sql)].join(" ") : revoke,
      };
    }),
    ...lacking.map(
      ({ what, grantee, sql }): Finding => ({
        id: "PC055",
        problem: `${grantee} lacks ${what} on ${on}.`,
        mend: sql,
      }),
    ),
  ];
}

function changed(
  id: FindingId & ("PC056" | "PC057"),
  kind: string,
  expected: readonly Part[],
  actual: readonly Part[],
  on?: string,
): readonly Finding[] {
  return expected.flatMap(({ name, says, sql }): readonly Finding[] => {
    const found = named(actual, name);
    if (found?.says === says) return [];
    const where = on === undefined ? "" : ` on ${on}`;
    return [
      {
        id,
        problem: `The ${kind} ${name}${where} ${found === undefined ? "isn't there" : "isn't what the declaration says"}.`,
        mend: on === undefined || found === undefined ? sql : `drop trigger ${name} on ${on}; ${sql}`,
      },
    ];
  });
}

function named(parts: readonly Part[], name: string): Part | undefined {
  return parts.find((part) => part.name === name);
}
