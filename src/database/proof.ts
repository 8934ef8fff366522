/**
 * In charge of the start-up proof: the gateway refuses to serve a database in which its own login could go round the policies.
 * Everything that is wrong is told at once.
 */
import type pg from "pg";
import { StartupError } from "../errors.js";
import { withConnection } from "./with-connection.js";

/** Throws a StartupError unless the login of `url` is harmless and every protected table has forced row-level security. */
export async function proveDatabase(url: string): Promise<void> {
  await withConnection(url, async (client) => {
    await proveReady(client);
    const findings: Finding[] = [];
    for (const check of checks) {
      findings.push(...(await findingsOf(client, check)));
      // For a superuser every further question has the answer that he may.
      if (check === isSuperuser && findings.length > 0) break;
    }
    if (findings.length === 0) return;
    throw new StartupError(
      `The database doesn't protect its rows from ${client.user}:\n${findings.map(({ problem }) => `  - ${problem}`).join("\n")}`,
      `As an administrator:\n${[...new Set(findings.map(({ mend }) => `  ${mend}`))].join("\n")}`,
    );
  });
}

const oldestVersion = 15;

// By the catalogue: a cast to regprocedure fails for a login that may not use the schema.
const sessionFunction = `
  select p.oid, p.pronamespace
  from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
  where n.nspname = 'iam' and p.proname = 'open_session'`;

async function proveReady(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ readonly version: number; readonly isMigrated: boolean }>(`
    select current_setting('server_version_num')::int / 10000 as version,
           exists (${sessionFunction}) as "isMigrated"`);
  const { version = 0, isMigrated = false } = rows[0] ?? {};
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
}

interface Finding {
  readonly problem: string;
  readonly mend: string;
}

interface Check {
  /** Answers a row for each thing that is wrong, with its `name`, quoted for SQL. */
  readonly sql: string;
  readonly problem: (name: string) => string;
  readonly mend: (name: string) => string;
}

async function findingsOf(client: pg.Client, { sql, problem, mend }: Check): Promise<readonly Finding[]> {
  const { rows } = await client.query<{ readonly name: string }>(sql);
  const login = client.escapeIdentifier(client.user ?? "");
  return rows.map(({ name }) => ({ problem: problem(name), mend: mend(name).replaceAll("$login", login) }));
}

// What the login may become, itself included. Of a superuser it is everybody, and the first check says enough about him.
const reachable = `
  select r.oid, r.rolname, r.rolsuper, r.rolbypassrls
  from pg_catalog.pg_roles r, pg_catalog.pg_roles login
  where login.rolname = session_user
    and (r.oid = login.oid or (not login.rolsuper and pg_has_role(login.oid, r.oid, 'member')))`;

const isProtected = "in ('iam'::regnamespace, 'public'::regnamespace)";

// Prisma's own record; no runtime role has any privilege on it (migrate.ts).
const isRecord = "c.relname = '_prisma_migrations' and c.relnamespace = 'public'::regnamespace";

const isSuperuser: Check = {
  sql: `select quote_ident(rolname) as name from (${reachable}) as roles where rolsuper`,
  problem: (name) => `it is, or may become, the superuser ${name}, for whom no policy holds.`,
  mend: () => "npx portcullis migrate -- it makes the login authenticator; set DATABASE_URL to that",
};

const checks: readonly Check[] = [
  isSuperuser,
  {
    sql: `select quote_ident(rolname) as name from (${reachable}) as roles where rolbypassrls and not rolsuper`,
    problem: (name) => `it is, or may become, ${name}, which has BYPASSRLS.`,
    mend: (name) => `alter role ${name} nobypassrls;`,
  },
  {
    sql: `
      select distinct quote_ident(r.rolname) as name
      from (${reachable}) as r
      where r.oid in (
        select nspowner from pg_catalog.pg_namespace n where n.oid ${isProtected}
        union all select relowner from pg_catalog.pg_class c where c.relnamespace ${isProtected}
        union all select proowner from pg_catalog.pg_proc p where p.pronamespace ${isProtected})`,
    problem: (name) => `it is, or may become, ${name}, which owns schemas, tables or functions in iam or public.`,
    mend: (name) => `revoke ${name} from $login; -- or reassign owned by ${name} to api_owner;`,
  },
  {
    sql: `
      select format('%s.%I', c.relnamespace::regnamespace, c.relname) as name
      from pg_catalog.pg_class c
      where c.relnamespace ${isProtected}
        and c.relkind in ('r', 'p')
        and not (c.relrowsecurity and c.relforcerowsecurity)
        and not (${isRecord})
      order by 1`,
    problem: (name) => `the table ${name} has no forced row-level security.`,
    mend: (name) => `alter table ${name} enable row level security, force row level security;`,
  },
  {
    sql: `
      select format('%s.%I', c.relnamespace::regnamespace, c.relname) as name
      from pg_catalog.pg_class c
      where c.relnamespace ${isProtected}
        and c.relkind in ('v', 'm')
        and not coalesce('security_invoker=true' = any (c.reloptions), false)
        and exists (select from (${reachable}) as r where has_any_column_privilege(r.oid, c.oid, 'select'))
      order by 1`,
    problem: (name) => `the view ${name} reads with its owner's rights, and it may read it.`,
    mend: (name) =>
      `alter view ${name} set (security_invoker = true); -- a materialized view: move it to another schema`,
  },
  {
    sql: `
      select distinct n.nspname::text as name
      from pg_catalog.pg_namespace n, (${reachable}) as r
      where n.oid ${isProtected} and has_schema_privilege(r.oid, n.oid, 'create')`,
    problem: (name) => `it may create objects in the schema ${name}.`,
    mend: (name) => `revoke create on schema ${name} from public, $login, web_user, web_anon;`,
  },
  {
    sql: `
      select role.name
      from (values ('web_user'), ('web_anon')) as role (name)
      where not exists (select from (${reachable}) as r where r.rolname = role.name)
        and not (select rolsuper from pg_catalog.pg_roles where rolname = session_user)`,
    problem: (name) => `it may not become ${name}.`,
    mend: (name) => `grant ${name} to $login;`,
  },
  {
    sql: `
      select 'iam.open_session()' as name
      from (${sessionFunction}) as f
      where not has_schema_privilege(f.pronamespace, 'usage') or not has_function_privilege(f.oid, 'execute')`,
    problem: (name) => `it may not call ${name}.`,
    mend: (name) => `grant usage on schema iam to $login; grant execute on function ${name} to $login;`,
  },
];
