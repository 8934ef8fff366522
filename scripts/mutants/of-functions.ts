/** In charge of the mutants of functions: each condition that the decision stands on, each check, and the locks. */
import type pg from "pg";
import type { DatabaseMutant } from "./mutant.js";

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
/** Those that say who may do what with one row, for the functions that write and for access, with an operation that asks each. */
const judging: Readonly<Record<string, string>> = {
  tenant_to: "update_tenant",
  member_to: "remove_tenant_member",
  user_to: "enable_user",
  identity_to: "enable_identity",
  provider_to: "update_provider",
  group_to: "delete_group",
  group_mapping_to: "delete_group_mapping",
  role_to: "delete_role",
  feature_to: "update_feature",
  scope_to: "delete_scope",
  grant_to: "revoke",
  api_key_to: "rotate_api_key",
  token_to: "revoke_token",
};
const helpers = [
  ...Object.keys(judging),
  "require",
  "require_to_manage",
  "require_own_role",
  "require_own_scope",
  "require_over_providers",
  "require_delegates",
  "switch_group",
  "switch_user",
];

/** Every mutant of the functions of iam. */
export async function ofFunctions(owner: pg.Pool): Promise<readonly DatabaseMutant[]> {
  const { rows } = await owner.query<Source>(`
    select p.proname as name, pg_get_functiondef(p.oid) as definition
    from pg_proc p
    join pg_language l on l.oid = p.prolang and l.lanname in ('sql', 'plpgsql')
    where p.pronamespace = 'iam'::regnamespace and p.prokind = 'f' and p.prorettype <> 'trigger'::regtype
    order by p.proname, p.oid`);
  return [
    ...rows.flatMap((source) => withoutConditions(source, tagOf(source))),
    ...rows
      .filter((source) => isHelper(source) || isOperation(source))
      .flatMap((source) => withoutChecks(source, "histories")),
    // what tells of others asks as well, and leaves no event
    ...rows
      .filter((source) => !isHelper(source) && !isOperation(source) && isTelling(source))
      .flatMap((source) => withoutChecks(source, "telling")),
    ...locks.map((lock) => ({
      ...lock,
      undo: rows.find(({ name }) => lock.sql.includes(`iam.${name}(`))?.definition ?? "",
    })),
  ];
}

function tagOf(source: Source): DatabaseMutant["tag"] {
  if (deciding.includes(source.name)) return "worlds";
  if (living.includes(source.name)) return "deaths";
  const isAboutAuthority = handing.includes(source.name) || source.name in judging || isOperation(source);
  return isAboutAuthority ? "histories" : "telling";
}

const isOperation = ({ name, definition }: Source) =>
  definition.includes("iam.record(") && !["record", "provision"].includes(name) && !name.startsWith("record");

// What a command asks before it is done stands in group_to(), user_to() and their like: `access` asks the same.
const isHelper = ({ name }: Source) => helpers.includes(name) || topics[name] !== undefined;

const isTelling = ({ definition }: Source) => /perform iam\.require(_to_explain)?\('/.test(definition);

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
  [/\bactor is not null and iam\.actor_id\(\) is null/g, "false"],
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
  [/\bor iam\.may_act_in\([^)]*\)/g, "or true"],
];

// Each condition of a function, by itself, replaced by what lets through.
function withoutConditions({ name, definition }: Source, tag: DatabaseMutant["tag"]): readonly DatabaseMutant[] {
  const start = definition.indexOf("AS $");
  return conditions.flatMap(([pattern, replacement]) =>
    [...definition.matchAll(pattern)]
      .filter((match) => match.index > start)
      .map((match, n) => ({
        name: `iam.${name}: ${match[0].replaceAll(/\s+/g, " ")} -> ${replacement || "nothing"}${n > 0 ? ` (${n + 1})` : ""}`,
        kind: "conditions" as const,
        sql: definition.slice(0, match.index) + replacement + definition.slice(match.index + match[0].length),
        undo: definition,
        tag,
        focus: focusOf[name] ?? name,
        tests: testsOf[name] ?? testsOfFamily(name) ?? aboutGroup(name),
      })),
  );
}

const checks = [/^ *perform iam\.(require\w*|lock_authority)\([\s\S]*?;$/gm, /^ *raise sqlstate '[^']+'[\s\S]*?;$/gm];

// Each check of a function, by itself, taken out.
function withoutChecks({ name, definition }: Source, tag: DatabaseMutant["tag"]): readonly DatabaseMutant[] {
  return checks.flatMap((pattern) =>
    [...definition.matchAll(pattern)]
      .filter((match) => !isNoGuard.test(match[0]))
      .map((match, n) => ({
        name: `iam.${name} without ${match[0].trim().split("\n")[0]?.slice(0, 70)}${n > 0 ? ` (${n + 1})` : ""}`,
        kind: "checks" as const,
        sql: `${definition.slice(0, match.index)}null;${definition.slice(match.index + match[0].length)}`,
        undo: definition,
        tag,
        focus: focusOf[name] ?? name,
        tests: testsOf[name] ?? aboutCommand(name) ?? aboutCheck(match[0]),
      })),
  );
}

// What refuses a bad argument, or an absent one, guards nobody's rights: the tests of each function hold those.
const isNoGuard =
  /require_name|require_caller|require_period|require_an_owner|require_owners|'PT400'|'PT404'|'PT409'|'5210[138]'|'52111'|'5217[147]'|'52179'|'5227[2-8]'|'52280'|'PT401'|'52104'|'52271'/;

const focusOf: Readonly<Record<string, string>> = {
  ...judging,
  lacks: "grant_feature",
  require_to_hold: "grant_feature",
  require_delegates: "update_group",
  require_over_api_key: "update_api_key",
  is_touched_by_deny: "grant_feature",
  require_to_hand_out: "grant_feature",
  require_to_hand_out_group: "add_group_member",
  require_to_hand_out_user: "enable_user",
  require_to_hand_out_through_role: "add_role_features",
  managed_groups: "add_group_member",
  require_over_user: "update_user",
  switch_group: "enable_group",
  switch_user: "enable_user",
  require_to_manage: "add_group_member",
  require_own_role: "add_role_features",
  require_over_providers: "update_provider",
};

const aboutHandingOut = ["test/database/authority-delegation.test.ts", "test/database/authority-escalation.test.ts"];
/** Whose mutations are tried by which test. */
const topics: Readonly<Record<string, string>> = {
  group_to: "group",
  group_mapping_to: "group",
  grant_to: "grant",
  scope_to: "scope",
  tenant_to: "tenant",
  member_to: "tenant",
  provider_to: "tenant",
  user_to: "user",
  identity_to: "user",
  role_to: "role",
  feature_to: "role",
  api_key_to: "key",
  token_to: "token",
};

function aboutGroup(name: string): readonly string[] {
  if (deciding.includes(name)) return aboutDecision;
  return handing.includes(name) ? aboutHandingOut : [];
}

function aboutCheck(text: string): readonly string[] {
  if (text.includes("lock_authority")) return aboutLocks;
  return text.includes("require_delegates") ? aboutDelegates : [];
}

function aboutCommand(name: string): readonly string[] | undefined {
  if (topics[name] === undefined) return undefined;
  return [
    "test/database/functions/functions.test.ts",
    ...aboutDelegates,
    `test/gateway/authority/${topics[name]}-mutations.test.ts`,
    ...aboutHandingOut,
  ];
}

const aboutDecision = ["test/policies/decision-groups.test.ts", "test/policies/decision.test.ts"];
const aboutLocks = ["test/database/authority-owners.test.ts", "test/database/authority-race.test.ts"];
const aboutDelegates = ["test/database/deeds-of-delegates.test.ts"];
/** What helps to explain, to list and to tell is named by no test: it is asked through what they name. */
const families: readonly (readonly [functions: string, tests: readonly string[]])[] = [
  [
    "who_is_asked_about why_inactive way_between_groups way_between_roles links_of_groups links_of_grant ways_through_groups chains blocked_grants told denies_told nearest_grant why_not_held explain_for explain",
    ["test/policies/explain-what-is-over.test.ts", "test/policies/explain.test.ts", "test/gateway/explain.test.ts"],
  ],
  [
    "members_of denied_among holders holders_everywhere live_grants_at users_who_can how_they_can active_among",
    ["test/policies/who-can.test.ts", "test/gateway/who-can.test.ts"],
  ],
  [
    "grants_of grants_met features_in telling_authority_of next_change_of authority_of",
    ["test/policies/authority-fingerprint.test.ts", "test/gateway/live-permissions.test.ts"],
  ],
  [
    "judge_row users_by_way users_allowed row_chains users_by_rule place_of explain_row users_who_can_access how_they_can_access explain_field rows_open_to ways_to_todos ways_to_chats ways_to_sales",
    ["test/policies/explain-rows.test.ts", "test/gateway/who-can-access.test.ts", "test/gateway/explain-rows.test.ts"],
  ],
  [
    "coverings judges_of can_all features_held may",
    ["test/policies/features-held.test.ts", "test/gateway/can.test.ts", "test/gateway/permissions.test.ts"],
  ],
  [
    "readable_users readable_tenants readable_scopes readable_roles groups_showing_members",
    [
      "test/gateway/authority/reads.test.ts",
      "test/gateway/authority.test.ts",
      "test/policies/session-delegates.test.ts",
      "test/gateway/tenants.test.ts",
    ],
  ],
];

function testsOfFamily(name: string): readonly string[] | undefined {
  return families.find(([functions]) => functions.split(" ").includes(name))?.[1];
}

// What stands behind one-time tokens alone is held by their tests.
const aboutTokens = [
  "test/gateway/invitations-in-time.test.ts",
  "test/gateway/one-time-tokens.test.ts",
  "test/gateway/authority/token-mutations.test.ts",
];
// Every refusal of every function, one by one.
const aboutFunctions = ["test/database/functions/functions.test.ts", ...aboutDelegates, ...aboutHandingOut];
const testsOf: Readonly<Record<string, readonly string[]>> = {
  require_delegates: aboutDelegates,
  find_by_api_key: ["test/database/api-key-lookup.test.ts", "test/gateway/api-keys.test.ts"],
  gives: ["test/gateway/invitations-in-time.test.ts", "test/policies/explain-what-is-over.test.ts"],
  scope_keys_given: ["test/policies/matrix.test.ts"],
  reaches_all_tenants: ["test/policies/session-tenant.test.ts"],
  groups_of: ["test/policies/shares-in-time.test.ts"],
  readable_groups: [
    "test/policies/reads-of-delegates.test.ts",
    "test/policies/session-delegates.test.ts",
    "test/gateway/authority/reads.test.ts",
  ],
  require_an_owner: ["test/database/authority-owners.test.ts"],
  require_owners: ["test/database/authority-owners.test.ts"],
  find_acted_as: ["test/policies/session-delegates.test.ts"],
  delegates_hold_everywhere: ["test/policies/reads-of-delegates.test.ts"],
  ...Object.fromEntries(Object.keys(judging).map((name) => [name, aboutFunctions])),
  held_until: aboutTokens,
  still_hands_out: aboutTokens,
  require_token: aboutTokens,
  revoke_token: aboutTokens,
  require_to_hold: [...aboutDelegates, ...aboutHandingOut],
};

const locks: readonly Omit<DatabaseMutant, "undo">[] = [
  {
    name: "iam.lock_authority does nothing",
    sql: "create or replace function iam.lock_authority(tenant uuid) returns void language plpgsql as $$ begin end $$",
    kind: "locks",
    tag: "races",
  },
  {
    name: "iam.lock_key is another one each time",
    sql: "create or replace function iam.lock_key(tenant uuid) returns bigint language sql volatile as $$ select (random() * 1e15)::bigint $$",
    kind: "locks",
    tag: "races",
  },
];
