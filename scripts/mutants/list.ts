/** In charge of the list of mutants: read from the catalogue, so that a new policy or function is broken as well. */
import type pg from "pg";
import { equivalents } from "./equivalent.js";

/** One broken guard. */
export interface Mutant {
  readonly name: string;
  readonly sql: string;
  /** Which proofs stand for the guard. */
  readonly tag: "deaths" | "worlds" | "histories" | "tests" | "races" | "catalogue";
  /** The function of iam that a history tries most, and that tests are looked for by. */
  readonly focus?: string;
  /** The test files that are run instead of those about the function in focus. */
  readonly tests?: readonly string[];
}

/** Every mutant of this database. */
export async function listMutants(owner: pg.Pool): Promise<readonly Mutant[]> {
  const [policies, functions, tables] = await Promise.all([ofPolicies(owner), ofFunctions(owner), ofTables(owner)]);
  const all = [...policies, ...tables, ...ofPrivileges(), ...functions];
  return all.filter((mutant) => equivalents[mutant.name] === undefined);
}

// Policies ----------------------------------------------------------------------------------------------------------------

async function ofPolicies(owner: pg.Pool): Promise<readonly Mutant[]> {
  const { rows } = await owner.query<{
    table: string;
    policy: string;
    using: string | null;
    check: string | null;
    floor: boolean;
  }>(`
    select schemaname || '.' || tablename as table, policyname as policy, qual as using, with_check as check, permissive = 'RESTRICTIVE' as floor
    from pg_policies
    where (schemaname = 'public' or tablename = 'groups') and 'web_user' = any (roles)
    order by 1, 2`);
  return rows.flatMap(({ table, policy, using, check, floor }) => [
    { name: `drop ${policy}`, sql: `drop policy ${policy} on ${table}`, tag: "worlds" as const },
    // a share's UPDATE is judged by WITH CHECK in the same words: what USING lets through is refused there
    ...(using === null || /_shares_update/.test(policy)
      ? []
      : [
          {
            name: `${policy}: using (true)`,
            sql: `alter policy ${policy} on ${table} using (true)`,
            tag: "worlds" as const,
          },
        ]),
    // behind the column privileges a floor's WITH CHECK has nothing left to refuse
    ...(check === null || floor || /^(todos|chats)_update/.test(policy)
      ? []
      : [
          {
            name: `${policy}: with check (true)`,
            sql: `alter policy ${policy} on ${table} with check (true)`,
            tag: "worlds" as const,
          },
        ]),
  ]);
}

async function ofTables(owner: pg.Pool): Promise<readonly Mutant[]> {
  const { rows } = await owner.query<{ table: string }>(`
    select c.oid::regclass::text as table from pg_class c
    where c.relnamespace in ('public'::regnamespace, 'iam'::regnamespace) and c.relkind = 'r' and c.relforcerowsecurity order by 1`);
  return rows.flatMap(({ table }) => [
    { name: `${table}: no force`, sql: `alter table ${table} no force row level security`, tag: "catalogue" as const },
    {
      name: `${table}: row level security off`,
      sql: `alter table ${table} disable row level security`,
      tag: "catalogue" as const,
    },
  ]);
}

// Privileges --------------------------------------------------------------------------------------------------------------

function ofPrivileges(): readonly Mutant[] {
  const widened = [
    ...["todos", "chats"].flatMap((table) => [
      ...["id", "tenant_id", "owner_id", "scope_id", "created_at", "updated_at"].map(
        (c) => `update (${c}) on public.${table}`,
      ),
      ...["id", "tenant_id", "owner_id"].map((c) => `insert (${c}) on public.${table}`),
    ]),
    ...["todo", "chat"].flatMap((one) =>
      ["id", "tenant_id", `${one}_id`, "group_id", "user_id"].map((c) => `update (${c}) on public.${one}_shares`),
    ),
    "truncate on public.todos",
    "execute on function iam.open_session()",
    "execute on function iam.record(integer, text, text, uuid, jsonb)",
    "select on iam.scope_closure",
  ];
  return widened.map((what) => ({ name: `grant ${what}`, sql: `grant ${what} to web_user`, tag: "worlds" as const }));
}

// Functions ---------------------------------------------------------------------------------------------------------------

interface Source {
  readonly name: string;
  readonly definition: string;
}

/** Functions that the decision stands on: their conditions are broken one by one. */
const deciding = [
  "is_live",
  "reaches_all_tenants",
  "may_act_in",
  "find_tenant",
  "find_caller",
  "groups_of",
  "features_above",
  "gives",
  "grants_covering",
  "user_can",
  "scopes_with",
  "scope_keys_with",
  "holds_everywhere",
  "readable_groups",
  "shared_todos",
  "shared_chats",
  "member_ids",
  "find_scope",
  "caller_tenant_id",
  "caller_id",
];
/** Those that keep anybody from handing out what he doesn't hold. */
const handing = [
  "held_until",
  "is_touched_by_deny",
  "require_to_hand_out",
  "require_to_hand_out_group",
  "require_to_hand_out_user",
  "require_to_hand_out_through_role",
  "managed_groups",
  "require_in_tenant",
  "require_over_user",
];
const helpers = [
  "require",
  "require_to_manage",
  "require_own_role",
  "require_own_scope",
  "require_over_providers",
  "switch_group",
  "switch_user",
];

async function ofFunctions(owner: pg.Pool): Promise<readonly Mutant[]> {
  const { rows } = await owner.query<Source>(`
    select p.proname as name, pg_get_functiondef(p.oid) as definition
    from pg_proc p
    join pg_language l on l.oid = p.prolang and l.lanname in ('sql', 'plpgsql')
    where p.pronamespace = 'iam'::regnamespace and p.prokind = 'f' and p.prorettype <> 'trigger'::regtype
    order by p.proname, p.oid`);
  return [
    ...rows.filter(({ name }) => deciding.includes(name)).flatMap((f) => withoutConditions(f, "worlds")),
    ...rows.filter(({ name }) => handing.includes(name)).flatMap((f) => withoutConditions(f, "histories")),
    ...rows
      .filter(({ name, definition }) => helpers.includes(name) || isOperation(name, definition))
      .flatMap(withoutChecks),
    ...locks,
  ];
}

const isOperation = (name: string, definition: string) =>
  definition.includes("iam.record(") && !["record", "provision"].includes(name) && !name.startsWith("record");

const conditions: readonly (readonly [RegExp, string])[] = [
  [/\biam\.is_live\([^)]*\)/g, "true"],
  [/\bvalid_from is null or valid_from <= statement_timestamp\(\)/g, "true"],
  [/\bvalid_until is null or valid_until > statement_timestamp\(\)/g, "true"],
  [/\b[a-z]+\.deleted_at is null/g, "true"],
  [/\b[a-z]+\.effect = 'allow'/g, "true"],
  [/\b[a-z]+\.effect = 'deny'/g, "false"],
  [/\band not bool_or\([^)]*\)/g, ""],
  [/\bwho\.(provider_enabled|identity_enabled|is_active|may_log_in)\b(?=\s*(then|or|$))/g, "true"],
  [/\bwho\.is_locked then/g, "false then"],
  [/\bnot who\.(provider_enabled|identity_enabled|is_active|may_log_in)\b/g, "false"],
  [/\b[a-z]+\.tenant_id = tenant\b/g, "true"],
  [/\b[a-z]+\.tenant_id = \(select iam\.caller_tenant_id\(\)\)/g, "true"],
  [/\b[a-z]+\.user_id = of_user\b/g, "true"],
  [/\b[a-z]+\.user_id = \(select iam\.caller_id\(\)\)/g, "true"],
  [/\b[a-z]+\.owner_id = me\b/g, "true"],
  [/\b[a-z]+\.(group_id|id) = any \((in_groups|mine)\)/g, "true"],
  [/\bs\.(can_read|can_write|can_delete)\b/g, "true"],
  [/\biam\.held_until\([^)]*\) is null/g, "false"],
  [/\biam\.held_until\([^)]*\) < coalesce\([^)]*\)/g, "false"],
  [/\bor iam\.is_touched_by_deny\([^)]*\)/g, ""],
  [/\bd\.ancestor_id = any \(denied\)/g, "false"],
  [/\bc\.ancestor_id = any \(allowed\)/g, "true"],
  [/\bg\.members_manage_each_other\b/g, "true"],
  [/\bs\.type = scope_type/g, "true"],
  [/\b[uip]\.(is_active|is_enabled)(?! as)\b/g, "true"],
  [/\bnot u\.is_locked\b/g, "true"],
  [/\bi\.user_id = me\b/g, "true"],
  [/\bnot iam\.may_act_in\([^)]*\)/g, "false"],
];

// Each condition of a function, by itself, replaced by what lets through.
function withoutConditions({ name, definition }: Source, tag: Mutant["tag"]): readonly Mutant[] {
  const start = definition.indexOf("AS $");
  return conditions.flatMap(([pattern, replacement]) =>
    [...definition.matchAll(pattern)]
      .filter((match) => match.index > start)
      .map((match, n) => ({
        name: `iam.${name}: ${match[0].replaceAll(/\s+/g, " ")} -> ${replacement || "nothing"}${n > 0 ? ` (${n + 1})` : ""}`,
        sql: definition.slice(0, match.index) + replacement + definition.slice(match.index + match[0].length),
        tag,
        ...(focusOf[name] === undefined ? {} : { focus: focusOf[name] }),
      })),
  );
}

const checks = [/^ *perform iam\.(require\w*|lock_authority)\([\s\S]*?;$/gm, /^ *raise sqlstate '[^']+'[\s\S]*?;$/gm];

// Each check of a function, by itself, taken out.
function withoutChecks({ name, definition }: Source): readonly Mutant[] {
  return checks.flatMap((pattern) =>
    [...definition.matchAll(pattern)]
      .filter((match) => !isNoGuard.test(match[0]))
      .map((match, n) => ({
        name: `iam.${name} without ${match[0].trim().split("\n")[0]?.slice(0, 70)}${n > 0 ? ` (${n + 1})` : ""}`,
        sql: `${definition.slice(0, match.index)}null;${definition.slice(match.index + match[0].length)}`,
        tag: "histories" as const,
        focus: focusOf[name] ?? name,
      })),
  );
}

// What refuses a bad argument, or an absent one, guards nobody's rights: the tests of each function hold those.
const isNoGuard =
  /require_name|require_caller|require_period|require_an_owner|require_owners|'PT400'|'PT404'|'PT409'|'5210[138]'|'52111'|'5217[147]'|'52179'|'5227[2-8]'|'52280'|'PT401'|'52104'|'52271'/;

const focusOf: Readonly<Record<string, string>> = {
  held_until: "grant_feature",
  is_touched_by_deny: "grant_feature",
  require_to_hand_out: "grant_feature",
  require_to_hand_out_group: "add_group_member",
  require_to_hand_out_user: "enable_user",
  require_to_hand_out_through_role: "add_role_features",
  managed_groups: "update_group",
  require_over_user: "update_user",
  switch_group: "enable_group",
  switch_user: "enable_user",
  require_to_manage: "add_group_member",
  require_own_role: "add_role_features",
  require_over_providers: "update_provider",
};

const locks: readonly Mutant[] = [
  {
    name: "iam.lock_authority does nothing",
    sql: "create or replace function iam.lock_authority(tenant uuid) returns void language plpgsql as $$ begin end $$",
    tag: "races",
  },
  {
    name: "iam.lock_key is another one each time",
    sql: "create or replace function iam.lock_key(tenant uuid) returns bigint language sql volatile as $$ select (random() * 1e15)::bigint $$",
    tag: "races",
  },
];
