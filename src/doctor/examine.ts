/** In charge of examining a database: everything that isn't as it should be, in the order of the ids. */
import { bypassChecks, type Check, type Login, superuserCheck } from "../database/bypasses.js";
import { withConnection } from "../database/with-connection.js";
import type { Protection } from "../protect/policies/protection.js";
import { qualified } from "../protect/policies/spelling.js";
import { dropFunctions, type GuardedBySql, guardedBySql } from "./asked-table.js";
import { byDeclaration } from "./declared-table.js";
import { findDrift } from "./drift.js";
import { type Ask, type Finding, type FindingId, findingNames } from "./finding.js";
import { functionChecks } from "./function-checks.js";
import type { Guarded } from "./guarded.js";
import { findMissingIndexes } from "./index-checks.js";
import { findDriftOfOwn } from "./own-tables.js";
import { rightsChecks } from "./rights-checks.js";
import { findRowCalls } from "./row-calls.js";
import { tableChecks } from "./table-checks.js";

/** What is examined. */
export interface Patient {
  /** An administrator's address. */
  readonly adminUrl: string;
  /** The name of the login that the gateway uses. */
  readonly login: string;
  readonly protections: readonly Protection[];
}

/**
 * Examines it and changes nothing. Of a login that is a superuser nothing more is asked than that.
 * @throws StartupError when nobody answers there
 */
export function examine({ adminUrl, login, protections }: Patient): Promise<readonly Finding[]> {
  return withConnection(adminUrl, async (client) => {
    const ask: Ask = async (sql, values) => (await client.query(sql, values && [...values])).rows;
    // Every name that isn't PostgreSQL's own is printed with its schema.
    await ask("set search_path = pg_catalog");
    const [spelled = { literal: "", identifier: "" }] = await ask<Login>(
      "select quote_literal($1) as literal, quote_ident($1) as identifier",
      [login],
    );
    const findings = [...(await examineLogin(ask, spelled)), ...(await findRowCalls(ask))];
    findings.push(...(await findDriftOfOwn(ask)));
    const bySql = await guardedBySql(ask);
    findings.push(...leftBehind(bySql));
    for (const guarded of allGuarded(protections, bySql))
      findings.push(...(await findMissingIndexes(ask, guarded)), ...(await findDrift(ask, guarded)));
    return findings.toSorted((one, other) => one.id.localeCompare(other.id));
  });
}

// What is declared is no longer as it was asked of iam.protect().
function allGuarded(protections: readonly Protection[], { guarded }: GuardedBySql): readonly Guarded[] {
  const declared = protections.map(byDeclaration);
  const isDeclared = (one: Guarded) => declared.some((other) => qualified(other) === qualified(one));
  return [...declared, ...guarded.filter((one) => !isDeclared(one))];
}

function leftBehind({ gone }: GuardedBySql): readonly Finding[] {
  return gone.map(({ called, suffix }) => ({
    id: "PC059",
    problem: `iam.protect() guarded ${called}, which isn't there any more.`,
    mend: dropFunctions(suffix),
  }));
}

async function examineLogin(ask: Ask, login: Login): Promise<Finding[]> {
  const found = await findingsOf(ask, superuserCheck(login));
  if (found.length > 0) return found;
  const checks = [...bypassChecks(login), ...rightsChecks(login), ...tableChecks(login), ...functionChecks(login)];
  for (const check of checks) found.push(...(await findingsOf(ask, check)));
  return found;
}

async function findingsOf(ask: Ask, { id, sql, problem, mend }: Check): Promise<Finding[]> {
  const rows = await ask<{ readonly name: string; readonly by?: string }>(sql);
  return rows.map(({ name, by = "" }) => ({
    id: idOf(id),
    problem: asSentence(problem(name, by)),
    mend: mend(name, by),
  }));
}

// The start-up proof lists what it says of the login behind a colon.
function asSentence(problem: string): string {
  const said = problem.replace(/^it /, "the login ");
  return `${said.charAt(0).toUpperCase()}${said.slice(1)}`;
}

function idOf(id: string): FindingId {
  if (id in findingNames) return id as FindingId;
  throw new TypeError(`${id} is no kind of finding.`);
}
