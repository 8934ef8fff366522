/** In charge of what the catalog must say of every table, policy and function, those that are written tomorrow included. */
import { describe, expect, test } from "vitest";
import { useCallers } from "../support/callers.js";

const { as, database } = useCallers();

const schemas = "('iam', 'public')";
const ours = `c.relnamespace::regnamespace::text in ${schemas} and c.relname <> '_prisma_migrations'`;

/** Each rule is a query for what breaks it. */
const rules: readonly (readonly [rule: string, offenders: string])[] = [
  [
    "every table has row-level security, for its owner too",
    `select c.oid::regclass::text from pg_class c where c.relkind in ('r', 'p') and ${ours} and not (c.relrowsecurity and c.relforcerowsecurity)`,
  ],
  [
    "every table belongs to api_owner",
    `select c.oid::regclass::text from pg_class c where c.relkind in ('r', 'p') and ${ours} and c.relowner <> 'api_owner'::regrole`,
  ],
  [
    "no view reads as its owner",
    `select c.oid::regclass::text from pg_class c where c.relkind = 'v' and ${ours} and not coalesce('security_invoker=true' = any (c.reloptions), false)`,
  ],
  ["nothing is materialized", `select c.oid::regclass::text from pg_class c where c.relkind = 'm' and ${ours}`],
  [
    "no runtime role may truncate, refer to or hang triggers on a table",
    `select c.oid::regclass || ' ' || role || ' ' || privilege from pg_class c, unnest(array['web_user', 'web_delegate', 'web_anon', 'authenticator']) role,
       unnest(array['TRUNCATE', 'REFERENCES', 'TRIGGER']) privilege
     where c.relkind in ('r', 'p', 'v') and ${ours} and has_table_privilege(role, c.oid, privilege)`,
  ],
  [
    "the anonymous and the login itself have nothing on any table",
    `select c.oid::regclass || ' ' || role from pg_class c, unnest(array['web_anon', 'authenticator']) role
     where c.relkind in ('r', 'p', 'v') and ${ours} and has_any_column_privilege(role, c.oid, 'SELECT, INSERT, UPDATE')`,
  ],
  [
    "no runtime role updates an id, a tenant, an owner or a scope",
    `select c.oid::regclass || '.' || a.attname from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
     where c.relkind = 'r' and ${ours} and (a.attname = 'id' or a.attname like '%\\_id') and has_column_privilege('web_user', c.oid, a.attnum, 'UPDATE')`,
  ],
  [
    "nobody at run time writes what is in iam",
    `select c.oid::regclass::text from pg_class c where c.relkind = 'r' and c.relnamespace = 'iam'::regnamespace
       and (has_any_column_privilege('web_user', c.oid, 'INSERT, UPDATE') or has_table_privilege('web_user', c.oid, 'DELETE'))`,
  ],
  [
    "no runtime role may create anything in a schema",
    `select n.nspname || ' ' || role from pg_namespace n, unnest(array['web_user', 'web_delegate', 'web_anon', 'authenticator']) role
     where n.nspname in ${schemas} and has_schema_privilege(role, n.oid, 'CREATE')`,
  ],
  [
    "what trusts a floor stands on one",
    `select distinct p.polrelid::regclass::text from pg_policy p
     where coalesce(pg_get_expr(p.polqual, p.polrelid), '') || coalesce(pg_get_expr(p.polwithcheck, p.polrelid), '') ~ 'iam\\.(named|named_root_scope_id|given_everywhere|scopes_given|scope_keys_given|groups_named|is_member|shared_)'
       and not exists (
         select from pg_policy floor
         where floor.polrelid = p.polrelid and not floor.polpermissive and floor.polcmd = '*' and 'web_user'::regrole = any (floor.polroles)
           and pg_get_expr(floor.polqual, floor.polrelid) = '(tenant_id = ( SELECT iam.caller_tenant_id() AS caller_tenant_id))'
           and pg_get_expr(floor.polwithcheck, floor.polrelid) = '(tenant_id = ( SELECT iam.caller_tenant_id() AS caller_tenant_id))'
       )`,
  ],
  [
    "a new row is named after the session only where a floor asks whether the session is alive",
    `select d.adrelid::regclass::text from pg_attrdef d
     where pg_get_expr(d.adbin, d.adrelid) ~ '\\mnamed' and not exists (
       select from pg_policy floor
       where floor.polrelid = d.adrelid and not floor.polpermissive and floor.polcmd = '*' and 'web_user'::regrole = any (floor.polroles)
         and pg_get_expr(floor.polwithcheck, floor.polrelid) = '(tenant_id = ( SELECT iam.caller_tenant_id() AS caller_tenant_id))')`,
  ],
  [
    "what policies ask may be asked by a parallel worker",
    `select distinct p.oid::regprocedure::text from pg_proc p
     join pg_depend d on d.classid = 'pg_policy'::regclass and d.refclassid = 'pg_proc'::regclass and d.refobjid = p.oid
     where p.pronamespace = 'iam'::regnamespace and p.proparallel <> 's'`,
  ],
  [
    "nothing is asked of a parallel worker that sets a setting, or catches an error",
    `with recursive of_leader as (
       select p.oid, p.proname, p.proparallel from pg_proc p where p.pronamespace = 'iam'::regnamespace
         and (p.provolatile = 'v' or p.prosrc ~ 'set_config\\(|exception when')
       union
       select p.oid, p.proname, p.proparallel from pg_proc p join of_leader called on p.prosrc ~ ('iam\\.' || called.proname || '\\(')
       where p.pronamespace = 'iam'::regnamespace)
     select oid::regprocedure::text from of_leader where proparallel <> 'u'`,
  ],
  [
    "every table that authority is read from takes the lock before it is written",
    `select c.oid::regclass::text from pg_class c
     where c.relkind = 'r' and c.relnamespace = 'iam'::regnamespace and c.relname !~ '_closure$|^audit_|^(tokens|group_mappings)$'
       and not exists (
         select from pg_trigger t where t.tgrelid = c.oid and t.tgfoid = 'iam.lock_before_write'::regproc and t.tgenabled = 'O'
       )`,
  ],
  [
    "every definer function looks into pg_catalog first and into pg_temp last",
    `select p.oid::regprocedure::text from pg_proc p where p.pronamespace::regnamespace::text in ${schemas} and p.prosecdef
       and not coalesce('search_path=pg_catalog, pg_temp' = any (p.proconfig), false)`,
  ],
  [
    "every definer function runs as iam_definer",
    `select p.oid::regprocedure::text from pg_proc p where p.pronamespace::regnamespace::text in ${schemas} and p.prosecdef and p.proowner <> 'iam_definer'::regrole`,
  ],
  [
    "no function is for everybody",
    `select p.oid::regprocedure::text from pg_proc p where p.pronamespace::regnamespace::text in ${schemas}
       and exists (select from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a where a.grantee = 0)`,
  ],
  [
    "no function claims to be leakproof",
    `select p.oid::regprocedure::text from pg_proc p where p.pronamespace::regnamespace::text in ${schemas} and p.proleakproof`,
  ],
  [
    "every function says what it is for",
    `select p.oid::regprocedure::text from pg_proc p where p.pronamespace = 'iam'::regnamespace and obj_description(p.oid, 'pg_proc') is null`,
  ],
  [
    "every policy says what it is for",
    `select polrelid::regclass || ' ' || polname from pg_policy where obj_description(oid, 'pg_policy') is null`,
  ],
  [
    "every policy is named after its table, and is for named roles",
    `select polrelid::regclass || ' ' || polname from pg_policy
     where strpos(polname, (select relname from pg_class where oid = polrelid)) <> 1 or 0 = any (polroles)`,
  ],
  [
    "nobody is let through by a policy that is always true, but iam_definer",
    `select polrelid::regclass || ' ' || polname from pg_policy
     where 'true' in (pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)) and polroles <> array['iam_definer'::regrole::oid]`,
  ],
  [
    "every policy that lets write says what may come out of it",
    `select polrelid::regclass || ' ' || polname from pg_policy where polcmd in ('*', 'w', 'a') and polwithcheck is null`,
  ],
  [
    "every table with a tenant that a runtime role writes has a floor that nothing widens",
    `select c.oid::regclass::text from pg_class c where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace and ${ours}
       and not exists (select from pg_policy p where p.polrelid = c.oid and not p.polpermissive and p.polcmd = '*')`,
  ],
  [
    "no runtime role has a right on a table that no policy of the command names it for",
    `select role || ': ' || command || ' on ' || c.oid::regclass
     from pg_class c
     cross join unnest(array['web_user', 'web_anon']) role
     cross join (values ('select', 'r'), ('insert', 'a'), ('update', 'w'), ('delete', 'd')) given (command, letter)
     where c.relkind = 'r' and c.relnamespace::regnamespace::text in ${schemas}
       and case command
         when 'delete' then has_table_privilege(role, c.oid, command)
         else has_any_column_privilege(role, c.oid, command)
       end
       and not exists (
         select from pg_policy p
         where p.polrelid = c.oid and p.polpermissive and p.polcmd in ('*', letter) and role::regrole::oid = any (p.polroles)
       )`,
  ],
  [
    "the login and the runtime roles bypass nothing and own nothing",
    `select rolname from pg_roles where rolname in ('authenticator', 'web_user', 'web_delegate', 'web_anon', 'iam_definer', 'api_owner')
       and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or (rolname <> 'authenticator' and rolcanlogin))`,
  ],
  [
    "the owner of the functions is a member of nothing",
    "select roleid::regrole::text from pg_auth_members where member = 'iam_definer'::regrole",
  ],
  [
    "a delegate is a user, and nothing besides",
    `select roleid::regrole::text from pg_auth_members where member = 'web_delegate'::regrole and roleid <> 'web_user'::regrole
     union all
     select 'no user' where not pg_has_role('web_delegate', 'web_user', 'usage')
     union all
     select s.classid::regclass || ' ' || s.objid from pg_shdepend s
     where s.refobjid = 'web_delegate'::regrole and s.dbid = (select oid from pg_database where datname = current_database()) and s.deptype <> 'r'`,
  ],
  [
    "what is asked of delegates is asked of nobody else, and takes nothing but away",
    `select p.polrelid::regclass || ' ' || p.polname from pg_policy p
     where 'web_delegate'::regrole = any (p.polroles) and (p.polpermissive or cardinality(p.polroles) > 1)`,
  ],
  [
    "no runtime role is a member of an owning one",
    `select a || ' ' || b from unnest(array['authenticator', 'web_user', 'web_delegate', 'web_anon']) a, unnest(array['iam_definer', 'api_owner']) b where pg_has_role(a, b, 'MEMBER')`,
  ],
  [
    "every foreign key of a row with a tenant stays in it, or points at what belongs to everybody",
    `select k.conrelid::regclass || ' ' || k.conname from pg_constraint k
     where k.contype = 'f' and k.connamespace::regnamespace::text in ${schemas}
       and exists (select from pg_attribute a where a.attrelid = k.conrelid and a.attname = 'tenant_id' and a.attnotnull)
       and exists (select from pg_attribute a where a.attrelid = k.confrelid and a.attname = 'tenant_id' and a.attnotnull)
       and not exists (select from pg_attribute a where a.attrelid = k.conrelid and a.attnum = any (k.conkey) and a.attname = 'tenant_id')`,
  ],
];

describe("the catalog", () => {
  test.each(rules)("denies exceptions: %s", async (_, offenders) => {
    expect((await database.owner.query({ text: offenders, rowMode: "array" })).rows.flat()).toEqual([]);
  });

  test("wraps every helper that a policy asks once into a query of its own", async () => {
    const { rows } = await database.owner.query<{ name: string; text: string }>(
      `select tablename || ' ' || policyname as name, coalesce(qual, '') || ' ' || coalesce(with_check, '') as text from pg_policies where schemaname in ${schemas}`,
    );
    const bare = rows.flatMap(({ name, text }) =>
      [...text.matchAll(/.{7}iam\.\w+\(/g)]
        .filter(([call]) => !call.startsWith("SELECT "))
        .map(([call]) => `${name}: ${call}`),
    );
    expect(bare).toEqual([]);
  });
});

describe("a definer function", () => {
  test("denies types and tables of the caller's own making a part in it", async () => {
    const notices: string[] = [];
    const client = await database.owner.connect();
    try {
      client.on("notice", ({ message }) => notices.push(message ?? ""));
      await client.query("begin");
      await client.query(
        "select set_config('app.issuer', issuer, true), set_config('app.subject', 'bob@acme.test', true) from iam.providers",
      );
      await client.query("select iam.open_session(); set local role web_user");
      for (const type of ["uuid", "text", "jsonb"])
        await client.query(`
          create function pg_temp.seen(given pg_catalog.${type}) returns pg_catalog.bool language plpgsql
            as $$ begin raise notice 'hijacked as %', current_user; return true; end $$;
          create domain pg_temp.${type} as pg_catalog.${type} check (pg_temp.seen(value))`);
      await client.query("create temp table groups (id pg_catalog.uuid)");
      await client.query("select iam.resolve_group('Office'), iam.can('todos.read', 'tenant/acme'), iam.caller_id()");
    } finally {
      await client.query("rollback");
      client.release(true);
    }
    expect(notices.filter((notice) => notice.startsWith("hijacked"))).toEqual([]);
  });

  // a function more for a runtime role is a line more in that file, for a reviewer to see (vitest -u)
  test("denies itself to every runtime role that isn't listed with it", async () => {
    const { rows } = await database.owner.query<{ line: string }>(`
      select p.oid::regprocedure || ': ' || string_agg(role, ', ' order by role) as line
      from pg_proc p, unnest(array['authenticator', 'web_anon', 'web_user']) role
      where p.pronamespace::regnamespace::text in ${schemas} and p.prosecdef and has_function_privilege(role, p.oid, 'execute')
      group by p.oid`);
    const lines = rows.map(({ line }) => `${line}\n`).sort();
    await expect(lines.join("")).toMatchFileSnapshot("functions-of-runtime-roles.txt");
  });

  test.each([
    "open_session()",
    "provision()",
    "list_providers()",
    "find_caller()",
    "record(50001, '', '', null, null)",
    "record_attempts('[]')",
    "seal_audit_events()",
    "insert_grant(null, null, null, null, null, 'allow', null, null)",
    "begin_membership(null, null)",
    "end_membership(null, null)",
    "user_can(null, null, null, null)",
    "held_until(null, null, null, null)",
    "groups_of(null, null)",
    "switch_user('enable', '')",
    "switch_group('enable', '')",
    "resolve_person('')",
    "custom_access_token_hook('{}')",
  ])("denies iam.%s to a user", async (call) => {
    expect(await as("alice@acme.test").outcome(`select iam.${call}`)).toBe("42501");
  });
});
