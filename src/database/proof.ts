/**
 * In charge of the start-up proof: the gateway refuses to serve a database in which its own login could go round the policies.
 * Everything that is wrong is told at once.
 */
import type pg from "pg";
import { StartupError } from "../errors.js";
import { bypassChecks, type Check, type Login, sessionFunction, superuserCheck } from "./bypasses.js";
import { withConnection } from "./with-connection.js";

/** Throws a StartupError unless the login of `url` is harmless and every protected table has forced row-level security. */
export async function proveDatabase(url: string): Promise<void> {
  await withConnection(url, async (client) => {
    const login = await proveReady(client);
    const findings: Finding[] = [...(await findingsOf(client, superuserCheck(login)))];
    if (findings.length === 0)
      for (const check of bypassChecks(login)) findings.push(...(await findingsOf(client, check)));
    if (findings.length === 0) return;
    throw new StartupError(
      `The database doesn't protect its rows from ${client.user}:\n${findings.map(({ problem }) => `  - ${problem}`).join("\n")}`,
      `As an administrator:\n${[...new Set(findings.map(({ mend }) => `  ${mend}`))].join("\n")}`,
    );
  });
}

const oldestVersion = 15;

async function proveReady(client: pg.Client): Promise<Login> {
  const { rows } = await client.query<Login & { readonly version: number; readonly isMigrated: boolean }>(`
    select current_setting('server_version_num')::int / 10000 as version,
           exists (${sessionFunction}) as "isMigrated",
           quote_literal(session_user) as literal, quote_ident(session_user) as identifier`);
  const { version = 0, isMigrated = false, literal = "", identifier = "" } = rows[0] ?? {};
  if (version < oldestVersion) {
    throw new StartupError(
      `This is PostgreSQL ${version}; the gateway needs ${oldestVersion} or newer.`,
      "Upgrade it, or leave DATABASE_URL unset to start with an embedded PostgreSQL.",
    );
  }
  if (!isMigrated) {
    throw new StartupError(
      `The database ${client.database} has no function iam.open_session().`,
      "Migrate it first: set DATABASE_ADMIN_URL and run npx portcullis migrate.",
    );
  }
  return { literal, identifier };
}

interface Finding {
  readonly problem: string;
  readonly mend: string;
}

async function findingsOf(client: pg.Client, { sql, problem, mend }: Check): Promise<readonly Finding[]> {
  const { rows } = await client.query<{ readonly name: string; readonly by?: string }>(sql);
  return rows.map(({ name, by = "" }) => ({ problem: problem(name, by), mend: mend(name, by) }));
}
