/** In charge of the list of mutants: read from the catalogue, so that a new policy or function is broken as well. */
import type pg from "pg";
import { equivalents } from "./equivalent.js";

/** One broken guard. */
export interface Mutant {
  readonly name: string;
  readonly sql: string;
  /** Which proofs stand for the guard. */
  readonly tag: "deaths" | "worlds" | "privileges" | "histories" | "tests" | "races" | "catalogue";
  /** The function of iam that a history tries most, and that tests are looked for by. */
  readonly focus?: string;
  /** The test files that are run instead of those about the function in focus. */
  readonly tests?: readonly string[];
}

/** Every mutant of this database. */
export async function listMutants(owner: pg.Pool): Promise<readonly Mutant[]> {
  const kinds = await Promise.all([ofPolicies(owner), ofTables(owner), ofPrivileges(owner), ofFunctions(owner)]);
  const all = kinds.flat();
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

// Every column of a protected table that its users may not set, every write on the gateway's own tables, and what no runtime
// role has on any table.
async function ofPrivileges(owner: pg.Pool): Promise<readonly Mutant[]> {
  const { rows } = await owner.query<{ what: string; role: string }>(`
    select format('%s (%I) on %s', command, a.attname, c.oid::regclass) as what, 'web_user' as role
    from pg_class c
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    cross join unnest(array['insert', 'update']) command
    where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and c.relname <> '_prisma_migrations'
      and not has_column_privilege('web_user', c.oid, a.attnum, command)
    union all
    select format('insert, update, delete on %s', c.oid::regclass), 'web_user'
    from pg_class c
    where c.relnamespace = 'iam'::regnamespace and c.relkind = 'r'
    union all
    select format('%s on %s', privilege, c.oid::regclass), 'web_user'
    from pg_class c
    cross join unnest(array['truncate', 'references', 'trigger']) privilege
    where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and c.relname <> '_prisma_migrations'
    union all
    select format('select on %s', c.oid::regclass), 'web_user'
    from pg_class c
    where c.relnamespace = 'iam'::regnamespace and c.relkind = 'r' and not has_any_column_privilege('web_user', c.oid, 'select')
    union all
    select format('execute on function %s', p.oid::regprocedure), 'web_user'
    from pg_proc p
    where p.oid in ('iam.open_session()'::regprocedure, 'iam.record(integer, text, text, uuid, jsonb)'::regprocedure)
    order by 1`);
  return rows.map(({ what, role }) => ({
    name: `grant ${what} to ${role}`,
    sql: `grant ${what} to ${role}`,
    tag: "privileges" as const,
    tests: ["test/database/catalog.test.ts"],
  }));
}

// Functions ---------------------------------------------------------------------------------------------------------------

interface Source {
  readonly name: string;
  readonly definition: string;
}

/** Functions that the decision stands on: their conditions are broken one by one. */
const deciding = [
  "is_live",
  "is_usable",
  "require_active",
  "reaches_all_tenants",
  "may_act_in",
  "is_member",
  "find_tenant",
  "find_by_token",
  "find_by_api_key",
  "find_acted_as",
  "find_caller",
  "groups_of",
  "features_above",
  "gives",
  "live_grants",
  "grants_covering",
  "user_can",
  "key_scopes",
  "caller_can",
  "scopes_below",
  "scopes_given",
  "scopes_with",
  "scope_keys_given",
  "scope_keys_with",
  "given_everywhere",
  "holds_everywhere",
  "delegates_hold_everywhere",
  "readable_groups",
  "shared_todos",
  "shared_chats",
  "member_ids",
  "find_scope",
];
/** Those that say who is still active, in the middle of a session. */
const living = ["caller_id", "actor_id", "caller_tenant_id"];
/** Those that keep anybody from handing out what he doesn't hold. */
const handing = [
  "lacks",
  "held_until",
  "still_hands_out",
  "is_touched_by_deny",
  "require_to_hold",
  "require_delegates",
  "require_to_hand_out",
  "require_to_hand_out_group",
  "require_to_hand_out_user",
  "require_to_hand_out_through_role",
  "managed_groups",
  "require_in_tenant",
  "require_over_user",
  "require_over_api_key",
];
const helpers = [
  "require",
  "require_to_manage",
  "require_own_role",
  "require_own_scope",
  "require_over_providers",
  "require_delegates",
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
    ...rows.filter(({ name }) => living.includes(name)).flatMap((f) => withoutConditions(f, "deaths")),
    ...rows.filter(({ name }) => handing.includes(name)).flatMap((f) => withoutConditions(f, "histories")),
    ...rows
      .filter(({ name, definition }) => helpers.includes(name) || isOperation(name, definition))
      .flatMap((f) => withoutChecks(f, "histories")),
    // what tells of others asks as well, and leaves no event
    ...rows
      .filter(
        ({ name, definition }) => !helpers.includes(name) && !isOperation(name, definition) && isTelling(definition),
      )
      .flatMap((f) => withoutChecks(f, "tests")),
    ...locks,
  ];
}

const isOperation = (name: string, definition: string) =>
  definition.includes("iam.record(") && !["record", "provision"].includes(name) && !name.startsWith("record");

const isTelling = (definition: string) => /perform iam\.require(_to_explain)?\('/.test(definition);

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
  [/\bkey\.revoked_at is null/g, "true"],
  [/\bkey\.expires_at is null or key\.expires_at > statement_timestamp\(\)/g, "true"],
  [/\bnot iam\.is_usable\(k\)/g, "false"],
  [/\band iam\.is_usable\(k\)/g, ""],
  [/\bk\.secret_hash = shown\b/g, "true"],
  [/\bk\.previous_until > statement_timestamp\(\)/g, "true"],
  [/\bcoalesce\(iam\.setting\('app\.tenant'\) <> [^\n]*false\)/g, "false"],
  [/\bperform iam\.require_active\([^)]*\);/g, ""],
  [/\bnot u\.is_active\b/g, "false"],
  [/\bu\.is_locked then/g, "false then"],
  [/\bnot [pi]\.is_enabled\b/g, "false"],
  [/\bnot \(select u\.may_log_in[^)]*\)/g, "false"],
  [/\bnot iam\.user_can\([^;]*?\)\)? then/g, "false then"],
  [/\bnot iam\.(is_acting|has_api_key)\(\)/g, "true"],
  [/\bmissing is null and iam\.(is_acting|has_api_key)\(\)/g, "false"],
  [/\biam\.is_acting\(\) and iam\.actor_id\(\) is null/g, "false"],
  [/\b[a-z]+\.api_key_id = iam\.setting\('app\.api_key_id'\)::uuid/g, "true"],
  [/\bg\.feature_id = any \((above|any_of)\)/g, "true"],
  [/\brf\.feature_id = any \((above|any_of|gives\.any_of)\)/g, "true"],
  [/\bheld\.until >= r\.until/g, "true"],
  [/\bor \(is_denied and [^\n]*\)$/gm, ""],
  [/\b[a-z]+\.tenant_id = tenant\b/g, "true"],
  [/\b[a-z]+\.tenant_id = \(select iam\.caller_tenant_id\(\)\)/g, "true"],
  [/\b[a-z]+\.user_id = (of_user|person|me)\b/g, "true"],
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
  [/(?<!not )\b[uip]\.(is_active|is_enabled)(?! as)\b/g, "true"],
  [/\bnot u\.is_locked\b/g, "true"],
  [/\bi\.user_id = coalesce\([^\n]*/g, "true"],
  [/\bcandidate\.user_id = iam\.caller_id\(\)/g, "true"],
  [/\bcandidate\.tenant_id = iam\.caller_tenant_id\(\)/g, "true"],
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
        tag: testsOf[name] === undefined ? tag : "tests",
        focus: focusOf[name] ?? name,
        ...(testsOf[name] === undefined ? {} : { tests: testsOf[name] }),
      })),
  );
}

const checks = [/^ *perform iam\.(require\w*|lock_authority)\([\s\S]*?;$/gm, /^ *raise sqlstate '[^']+'[\s\S]*?;$/gm];

// Each check of a function, by itself, taken out.
function withoutChecks({ name, definition }: Source, tag: Mutant["tag"]): readonly Mutant[] {
  return checks.flatMap((pattern) =>
    [...definition.matchAll(pattern)]
      .filter((match) => !isNoGuard.test(match[0]))
      .map((match, n) => ({
        name: `iam.${name} without ${match[0].trim().split("\n")[0]?.slice(0, 70)}${n > 0 ? ` (${n + 1})` : ""}`,
        sql: `${definition.slice(0, match.index)}null;${definition.slice(match.index + match[0].length)}`,
        tag,
        focus: focusOf[name] ?? name,
      })),
  );
}

// What refuses a bad argument, or an absent one, guards nobody's rights: the tests of each function hold those.
const isNoGuard =
  /require_name|require_caller|require_period|require_an_owner|require_owners|'PT400'|'PT404'|'PT409'|'5210[138]'|'52111'|'5217[147]'|'52179'|'5227[2-8]'|'52280'|'PT401'|'52104'|'52271'/;

const focusOf: Readonly<Record<string, string>> = {
  lacks: "grant_feature",
  require_to_hold: "grant_feature",
  require_delegates: "update_group",
  require_over_api_key: "update_api_key",
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

// What stands behind one-time tokens alone is held by their tests.
const aboutTokens = ["test/gateway/one-time-tokens.test.ts", "test/gateway/authority/token-mutations.test.ts"];
const testsOf: Readonly<Record<string, readonly string[]>> = {
  held_until: aboutTokens,
  still_hands_out: aboutTokens,
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
