/** In charge of which proofs stand for a function of iam: the worlds, the deaths, the histories, or the tests of what it is for. */
import type { DatabaseMutant } from "./mutant.js";

/** A function of iam. */
export interface Source {
  readonly name: string;
  readonly definition: string;
}

/** What a mutant of a function meets. */
export type Proofs = Required<Pick<DatabaseMutant, "tag" | "focus" | "tests">>;

/** Functions that the decision stands on: their conditions are broken one by one. */
const deciding = named(`
  is_live is_usable require_active reaches_all_tenants may_act_in is_member find_tenant find_by_token
  find_by_api_key find_acted_as find_caller groups_of features_above gives live_grants grants_covering
  user_can key_scopes caller_can scopes_below scopes_given scopes_with scope_keys_given scope_keys_with
  given_everywhere holds_everywhere delegates_hold_everywhere readable_groups shared_todos shared_chats
  member_ids find_scope`);
/** Those that say who is still active, in the middle of a session. */
const living = named("caller_id actor_id caller_tenant_id");
/** Those that keep anybody from handing out what he doesn't hold. */
const handing = named(`
  lacks held_until still_hands_out is_touched_by_deny require_to_hold require_delegates require_to_hand_out
  require_to_hand_out_group require_to_hand_out_user require_to_hand_out_through_role managed_groups
  require_in_tenant require_over_user require_over_api_key`);
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
/** Those that others do a part of their work with, beside what is required of a caller. */
const helping = named("switch_group switch_user begin_membership");

/** Whether it does a command, or asks for one whether it may be done: what it refuses, a history can try. */
export function writesAuthority(source: Source): boolean {
  return isHelper(source) || isOperation(source);
}

/** Whether it tells of others: it asks as well, and leaves no event. */
export function tellsOfOthers({ definition }: Source): boolean {
  return /perform iam\.require(_to_explain)?\('/.test(definition);
}

/** What stands for each condition of a function. */
export function proofsOfConditions(source: Source): Proofs {
  return { tag: tagOf(source), focus: focusOn(source), tests: testsOf(source) ?? testsOfSort(source) };
}

/** What stands for one of its checks. */
export function proofsOfCheck(source: Source, text: string): Proofs {
  const tag = writesAuthority(source) ? "histories" : "telling";
  return { tag, focus: focusOn(source), tests: testsOf(source) ?? testsOfCheck(text) };
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
const isHelper = ({ name }: Source) => name.startsWith("require") || helping.includes(name) || name in judging;

function focusOn({ name }: Source): string {
  return focuses[name] ?? name;
}

const focuses: Readonly<Record<string, string>> = {
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

const tests = (...paths: readonly string[]) => paths.map((path) => `test/${path}.test.ts`);
const aboutDecision = tests("policies/decision-groups", "policies/decision");
const aboutHandingOut = tests("database/authority-delegation", "database/authority-escalation");
const aboutLocks = tests("database/authority-owners", "database/authority-race");
const aboutDelegates = tests("database/deeds-of-delegates");
// every refusal of every function, one by one
const aboutFunctions = tests("database/functions/functions");

/** Who is named by few tests is asked through what they name. */
const families: ReadonlyArray<readonly [functions: readonly string[], tests: readonly string[]]> = [
  [living, tests("policies/session-alive", "policies/session-delegates", "policies/role-of-delegates")],
  [
    named(`
      who_is_asked_about why_inactive way_between_groups way_between_roles links_of_groups links_of_grant ways_through_groups
      chains blocked_grants told denies_told nearest_grant why_not_held explain_for explain`),
    tests("policies/explain-what-is-over", "policies/explain", "gateway/explain"),
  ],
  [
    named("members_of denied_among holders holders_everywhere live_grants_at users_who_can how_they_can active_among"),
    tests("policies/who-can", "policies/who-can-access", "gateway/who-can"),
  ],
  [
    named("grants_of grants_met features_in telling_authority_of next_change_of authority_of"),
    tests("policies/authority-fingerprint", "gateway/live-permissions"),
  ],
  [
    named(`
      judge_row users_by_way users_allowed row_chains users_by_rule place_of explain_row users_who_can_access
      how_they_can_access explain_field rows_open_to ways_to_todos ways_to_chats ways_to_sales`),
    tests(
      "policies/explain-rows",
      "policies/who-can-access",
      "gateway/who-can-access",
      "gateway/explain-rows",
      "gateway/explain-delegates",
    ),
  ],
  [
    named("coverings judges_of can_all features_held may"),
    tests("policies/features-held", "gateway/can", "gateway/permissions"),
  ],
  [
    named(`
      readable_users readable_tenants readable_scopes readable_roles readable_groups groups_showing_members`),
    tests("policies/who-sees-what", "gateway/authority/reads", "gateway/tenants"),
  ],
  [
    named(`
      resolve_user resolve_person resolve_group resolve_role resolve_scope resolve_tenant resolve_identity resolve_provider
      managed_groups require_over_user add_tenant_member`),
    [
      ...aboutFunctions,
      ...tests("database/authority-foreign-ids", "database/authority-revival"),
      ...aboutDelegates,
      ...aboutHandingOut,
    ],
  ],
  [named("delegates_hold_everywhere"), tests("policies/reads-of-delegates")],
  [named("require_an_owner require_owners"), tests("database/authority-owners")],
  [named("begin_membership end_membership"), tests("database/authority-revival")],
  [named("sync_groups groups_to_sync"), tests("gateway/provisioning", "database/authority-race")],
  [named("write_shared_function write_ways_function write_share_policies"), tests("database/protect-by-sql")],
  [named("list_providers"), tests("policies/session-alive")],
  [named("create_api_key"), [...aboutFunctions, ...aboutDelegates, ...tests("gateway/authority/key-mutations")]],
  [
    named("switch_user switch_group update_group update_api_key"),
    [...tests("database/what-stays"), ...aboutFunctions, ...aboutDelegates, ...aboutHandingOut, ...aboutLocks],
  ],
  [named("find_by_api_key"), tests("database/api-key-lookup", "gateway/api-keys")],
  [named("find_acted_as"), tests("policies/session-delegates")],
  [named("gives"), tests("gateway/invitations-in-time", "policies/explain-what-is-over")],
  [named("scope_keys_given"), tests("policies/matrix", "policies/reach")],
  [named("is_much_of caller_reach caller_key_reach shared_todos shared_chats"), tests("policies/reach")],
  [named("reaches_all_tenants"), tests("policies/session-tenant")],
  [named("groups_of"), tests("policies/shares-in-time", "policies/who-sees-what")],
  // what stands behind one-time tokens alone is held by their tests
  [
    named("held_until still_hands_out require_token"),
    [
      ...tests("gateway/invitations-in-time", "gateway/one-time-tokens", "gateway/authority/token-mutations"),
      ...aboutFunctions,
    ],
  ],
  [named("revoke_token"), [...aboutFunctions, ...aboutDelegates, ...tests("database/authority-race")]],
  [
    named(`
      require_to_hand_out require_to_hand_out_group require_to_hand_out_user require_to_hand_out_through_role
      require_in_tenant`),
    [...aboutHandingOut, ...aboutFunctions],
  ],
  [
    named("require_over_api_key require_to_give_key require_to_outlast require_to_hand_out_key require_oneself"),
    [...aboutFunctions, ...tests("gateway/api-keys", "gateway/authority/key-mutations"), ...aboutDelegates],
  ],
  [named("require_active"), tests("policies/session-alive")],
  [named("require_delegates"), aboutDelegates],
  [named("require_to_hold"), [...aboutDelegates, ...aboutHandingOut]],
  [Object.keys(judging), [...aboutFunctions, ...aboutDelegates, ...aboutHandingOut, ...aboutLocks.slice(0, 1)]],
];

function testsOf({ name }: Source): readonly string[] | undefined {
  return families.find(([functions]) => functions.includes(name))?.[1];
}

function testsOfSort({ name }: Source): readonly string[] {
  if (deciding.includes(name)) return aboutDecision;
  return handing.includes(name) ? aboutHandingOut : [];
}

function testsOfCheck(text: string): readonly string[] {
  if (text.includes("lock_authority")) return aboutLocks;
  return text.includes("require_delegates") ? aboutDelegates : [];
}

function named(functions: string): readonly string[] {
  return functions.trim().split(/\s+/);
}
