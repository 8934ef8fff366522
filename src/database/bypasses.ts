/** In charge of the ways in which the gateway's login could go round the policies, as questions to the catalogue. */

/** Something that must not be. */
export interface Check {
  /** Stays what it is for ever, so that a report can be looked up. */
  readonly id: string;
  /** Answers a row for each thing that is wrong: its `name`, quoted for SQL, and with `by` whatever the mend needs besides. */
  readonly sql: string;
  readonly problem: (name: string, by: string) => string;
  /** The SQL that an administrator runs. */
  readonly mend: (name: string, by: string) => string;
}

/** The login in question, as SQL spells it. */
export interface Login {
  /** As a value: 'authenticator'. */
  readonly literal: string;
  /** As a name: authenticator. */
  readonly identifier: string;
}

/** Is the login a superuser, or may it become one? Every other question has the answer that he may, then. */
export function superuserCheck(login: Login): Check {
  return {
    id: "PC001",
    sql: withItsMember(login, "bad.rolsuper"),
    problem: (name) => `it is, or may become, the superuser ${name}, for whom no policy holds.`,
    mend: (name, by) =>
      by === ""
        ? `alter role ${name} nosuperuser; -- an administrator's own role stays: set DATABASE_URL to authenticator instead, which npx portcullis migrate makes`
        : `revoke ${name} from ${by}; -- and set DATABASE_URL to authenticator, or another login of its own`,
  };
}

/** All the others. */
export function bypassChecks(login: Login): readonly Check[] {
  const reachable = reachableFrom(login);
  return [
    {
      id: "PC002",
      sql: withItsMember(login, "bad.rolbypassrls and not bad.rolsuper"),
      problem: (name) => `it is, or may become, ${name}, which has BYPASSRLS.`,
      mend: (name, by) => (by === "" ? `alter role ${name} nobypassrls;` : `revoke ${name} from ${by};`),
    },
    {
      id: "PC003",
      sql: withItsMember(login, owns),
      problem: (name) => `it is, or may become, ${name}, which owns schemas, tables or functions in iam or public.`,
      mend: (name, by) => (by === "" ? `reassign owned by ${name} to api_owner;` : `revoke ${name} from ${by};`),
    },
    {
      id: "PC010",
      sql: `
        select format('%s.%I', c.relnamespace::regnamespace, c.relname) as name
        from pg_catalog.pg_class c
        where ${isExposed(login)}
          and c.relkind in ('r', 'p')
          and not (c.relrowsecurity and c.relforcerowsecurity)
          and not (${isRecord})
        order by 1`,
      problem: (name) => `the table ${name} has no forced row-level security.`,
      mend: (name) => `alter table ${name} enable row level security, force row level security;`,
    },
    {
      id: "PC011",
      sql: `
        select format('%s.%I', c.relnamespace::regnamespace, c.relname) as name, c.relkind::text as by
        from pg_catalog.pg_class c
        where ${isExposed(login)}
          and c.relkind in ('v', 'm')
          and not coalesce('security_invoker=true' = any (c.reloptions), false)
          and exists (select from (${reachable}) as r where has_any_column_privilege(r.oid, c.oid, 'select'))
        order by 1`,
      problem: (name) => `the view ${name} reads with its owner's rights, and it may read it.`,
      mend: (name, kind) =>
        kind === "v"
          ? `alter view ${name} set (security_invoker = true);`
          : `revoke all on ${name} from public, ${login.identifier}, web_user, web_delegate, web_anon; -- a materialized view knows no reader`,
    },
    {
      id: "PC004",
      sql: `
        select distinct n.nspname::text as name
        from pg_catalog.pg_namespace n, (${reachable}) as r
        where n.oid ${isOurs} and has_schema_privilege(r.oid, n.oid, 'create')`,
      problem: (name) => `it may create objects in the schema ${name}.`,
      mend: (name) =>
        `revoke create on schema ${name} from public, ${login.identifier}, web_user, web_delegate, web_anon;`,
    },
    {
      id: "PC005",
      sql: `
        select role.name
        from (values ('web_user'), ('web_delegate'), ('web_anon')) as role (name)
        where not exists (select from (${reachable}) as r where r.rolname = role.name)`,
      problem: (name) => `it may not become ${name}.`,
      mend: (name) => `grant ${name} to ${login.identifier};`,
    },
    {
      id: "PC006",
      sql: `
        select 'iam.open_session()' as name
        from (${sessionFunction}) as f, pg_catalog.pg_roles login
        where login.rolname = ${login.literal}
          and not (has_schema_privilege(login.oid, f.pronamespace, 'usage') and has_function_privilege(login.oid, f.oid, 'execute'))`,
      problem: (name) => `it may not call ${name}.`,
      mend: (name) =>
        `grant usage on schema iam to ${login.identifier}; grant execute on function ${name} to ${login.identifier};`,
    },
  ];
}

/** Finds the function that opens sessions. By the catalogue: a cast to regprocedure fails for a login that may not use the schema. */
export const sessionFunction = `
  select p.oid, p.pronamespace
  from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
  where n.nspname = 'iam' and p.proname = 'open_session'`;

/** What the login may become, itself included. Of a superuser it is everybody, and the first check says enough about him. */
export function reachableFrom(login: Login): string {
  return `
    select r.oid, r.rolname, r.rolsuper, r.rolbypassrls
    from pg_catalog.pg_roles r, pg_catalog.pg_roles login
    where login.rolname = ${login.literal}
      and (r.oid = login.oid or (not login.rolsuper and pg_has_role(login.oid, r.oid, 'member')))`;
}

/** Whether `c` of pg_class is in one of our schemas, or in any other where the login may do something with it. */
export function isExposed(login: Login): string {
  return `(
    c.relnamespace ${isOurs}
    or c.relnamespace::regnamespace::text !~ '^(pg_|information_schema$)'
      and exists (
        select from (${reachableFrom(login)}) as r
        where has_any_column_privilege(r.oid, c.oid, 'select, insert, update, references')
          or has_table_privilege(r.oid, c.oid, 'delete, truncate, trigger')
      )
  )`;
}

/** Prisma's own record; no runtime role has any privilege on it (migrate.ts). */
export const isRecord = "c.relname = '_prisma_migrations' and c.relnamespace = 'public'::regnamespace";

const isOurs = "in ('iam'::regnamespace, 'public'::regnamespace)";

const owns = `bad.oid in (
  select nspowner from pg_catalog.pg_namespace n where n.oid ${isOurs}
  union all select relowner from pg_catalog.pg_class c where c.relnamespace ${isOurs}
  union all select proowner from pg_catalog.pg_proc p where p.pronamespace ${isOurs})`;

// Each bad role with everybody through whom the login may become it; nobody when it is the login itself.
function withItsMember(login: Login, isBad: string): string {
  const reachable = reachableFrom(login);
  return `
    select distinct quote_ident(bad.rolname) as name, coalesce(quote_ident(member.rolname), '') as by
    from (${reachable}) as bad
    left join (pg_catalog.pg_auth_members m join (${reachable}) as member on member.oid = m.member) on m.roleid = bad.oid
    where ${isBad}
    order by 1, 2`;
}
