/** In charge of reading from the catalogue what guards one table. */
import { qualified } from "../protect/policies/spelling.js";
import type { Ask } from "./finding.js";

/** A table by its schema and name. */
export interface Table {
  readonly schema: string;
  readonly table: string;
}

/** One thing that guards a table: what it is called, what it says, and the SQL that makes it. */
export interface Part {
  readonly name: string;
  readonly says: string;
  readonly sql: string;
}

/** One privilege of one role, on the table or on a column. */
export interface Right extends Part {
  /** As a grant says it: `select`, `update (title)`. */
  readonly what: string;
  readonly privilege: string;
  readonly grantee: string;
}

/** What guards a table. */
export interface Guard {
  readonly owner: string;
  readonly policies: readonly Part[];
  readonly triggers: readonly Part[];
  readonly rights: readonly Right[];
}

/** Reads it, with every name in its schema; null where there is no such table. */
export async function readGuard(ask: Ask, table: Table): Promise<Guard | null> {
  const [guard = null] = await readGuards(ask, [table]);
  return guard;
}

/** The same for many tables, in their order. */
export async function readGuards(ask: Ask, tables: readonly Table[]): Promise<readonly (Guard | null)[]> {
  const names = tables.map(qualified);
  const owners = await ask<{ readonly on: string; readonly owner: string }>(
    `select t.on, quote_ident(pg_get_userbyid(c.relowner)) as owner
     from unnest($1::text[]) as t ("on") join pg_catalog.pg_class c on c.oid = to_regclass(t.on)`,
    [names],
  );
  const partsOf = async <P extends Part>(sql: string) => {
    const found = await ask<P & { readonly on: string }>(sql, [names]);
    return (name: string): readonly P[] => found.filter(({ on }) => on === name).map(withoutTable);
  };
  const [policiesOf, triggersOf] = [await partsOf<Part>(policies), await partsOf<Part>(triggers)];
  const rightsOf = await partsOf<Right>(rights);
  return names.map((name) => {
    const found = owners.find(({ on }) => on === name);
    if (found === undefined) return null;
    return { owner: found.owner, policies: policiesOf(name), triggers: triggersOf(name), rights: rightsOf(name) };
  });
}

function withoutTable<P extends Part>({ on: _, ...part }: P & { readonly on: string }): P {
  return part as unknown as P;
}

/** A function of ours that belongs to a table. */
export interface FunctionPart extends Part {
  /** Without its schema and arguments. */
  readonly bare: string;
}

/** Reads what the functions with these signatures say, to whom they belong and who may call them. */
export async function readFunctions(ask: Ask, signatures: readonly string[]): Promise<readonly FunctionPart[]> {
  return await ask<FunctionPart>(functionsWhere("p.oid::regprocedure::text = any ($1::text[])"), [signatures]);
}

/** Reads the functions that this transaction has made. */
export async function readNewFunctions(ask: Ask): Promise<readonly FunctionPart[]> {
  return await ask<FunctionPart>(
    functionsWhere("p.xmin::text::bigint = pg_current_xact_id()::text::bigint % (2::bigint ^ 32)::bigint"),
  );
}

function functionsWhere(condition: string): string {
  return `
  select p.oid::regprocedure::text as name, p.proname as bare,
         concat_ws(e'\n', told.definition, told.owned, told.granted) as says,
         concat_ws(e'\n', told.definition || ';', told.owned, format('revoke all on function %s from public;', p.oid::regprocedure), told.granted) as sql
  from pg_catalog.pg_proc p,
  lateral (select
    pg_get_functiondef(p.oid) as definition,
    format('alter function %s owner to %I;', p.oid::regprocedure, pg_get_userbyid(p.proowner)) as owned,
    (select string_agg(format('grant execute on function %s to %s;', p.oid::regprocedure, role), e'\n' order by role)
     from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a,
     lateral (select case when a.grantee = 0 then 'public' else quote_ident(pg_get_userbyid(a.grantee)) end as role) as grantee
     where a.grantee <> p.proowner) as granted
  ) as told
  where p.pronamespace = 'iam'::regnamespace and p.prokind = 'f' and ${condition}
  order by 1`;
}

const policies = `
  select t.on, quote_ident(p.polname) as name, body as says, format('create policy %I%s;', p.polname, body)
           || coalesce(format(' comment on policy %I on %s is ', p.polname, p.polrelid::regclass) || quote_literal(obj_description(p.oid, 'pg_policy')) || ';', '') as sql
  from unnest($1::text[]) as t ("on")
  join pg_catalog.pg_policy p on p.polrelid = to_regclass(t.on),
  lateral (select
    format(' on %s as %s for %s to %s',
      p.polrelid::regclass,
      case when p.polpermissive then 'permissive' else 'restrictive' end,
      case p.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete' else 'all' end,
      (select string_agg(case when role = 0 then 'public' else quote_ident(pg_get_userbyid(role)) end, ', ' order by pg_get_userbyid(role))
       from unnest(p.polroles) role))
    || coalesce(' using (' || pg_get_expr(p.polqual, p.polrelid) || ')', '')
    || coalesce(' with check (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')', '') as body) as told
  order by 2`;

const triggers = `
  select t.on, quote_ident(g.tgname) as name, pg_get_triggerdef(g.oid) || g.tgenabled::text as says, pg_get_triggerdef(g.oid) || ';' as sql
  from unnest($1::text[]) as t ("on")
  join pg_catalog.pg_trigger g on g.tgrelid = to_regclass(t.on)
  where not g.tgisinternal
  order by 2`;

const rights = `
  select t.on, name, name as says, what, privilege, grantee, format('grant %s on %s to %s;', what, t.on, grantee) as sql
  from unnest($1::text[]) as t ("on"),
  lateral (
    select lower(a.privilege_type) as privilege, lower(a.privilege_type) as what, a.grantee as role
    from pg_catalog.pg_class c, aclexplode(c.relacl) a
    where c.oid = to_regclass(t.on)
    union all
    select lower(a.privilege_type), format('%s (%I)', lower(a.privilege_type), col.attname), a.grantee
    from pg_catalog.pg_attribute col, aclexplode(col.attacl) a
    where col.attrelid = to_regclass(t.on) and not col.attisdropped
  ) as acl,
  lateral (select pg_get_userbyid(role) as grantee, what || ' to ' || pg_get_userbyid(role) as name) as told
  where role <> 0 and grantee in ('web_user', 'web_delegate', 'web_anon', 'iam_definer')
  order by 2`;
