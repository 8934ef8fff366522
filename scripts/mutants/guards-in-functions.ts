/** In charge of what counts as a guard in the text of a function: the conditions and checks that are looked for, and what is put in their place. */

/** One guard, as it stands in a definition. */
export interface Guard {
  readonly index: number;
  readonly text: string;
  /** What lets through what it keeps out. */
  readonly replacement: string;
  /** Which of those that read like it: 1, 2 … */
  readonly turn: number;
}

const conditions: readonly (readonly [RegExp, string])[] = [
  [/\biam\.is_live\([^)]*\)/g, "true"],
  [/\bvalid_from is null or valid_from <= statement_timestamp\(\)/g, "true"],
  [/\bvalid_until is null or valid_until > statement_timestamp\(\)/g, "true"],
  [/\b[a-z]+\.deleted_at is null/g, "true"],
  [/\b[a-z]+\.deleted_at is not null/g, "true"],
  [/\bnot iam\.reaches_all_tenants\([^)]*\)/g, "true"],
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
  [/\bnot iam\.is_judged_as_delegate\(\)/g, "false"],
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
  [/\biam\.holds_everywhere\('[^']+'(, (whose|'caller'))?\)/g, "true"],
  [/\biam\.(caller_can|can)\('[^']+', [^()]*\)/g, "true"],
  [/(?<!not )\bin \(select iam\.(readable_\w+|managed_groups|member_ids)\(\)\)/g, "is not null"],
];

const checks = [
  /^ *perform iam\.(require\w*|lock_authority|end_membership)\([\s\S]*?;$/gm,
  /^ *raise sqlstate '[^']+'[\s\S]*?;$/gm,
];

// What refuses a bad argument, or an absent one, guards nobody's rights: the tests of each function hold those.
const isNoGuard =
  /require_name|require_caller|require_period|'PT400'|'PT404'|'PT409'|'5210[138]'|'52111'|'5217[147]'|'52179'|'5227[2-8]'|'PT401'/;

/** Each condition of a function, by itself. */
export function conditionsIn(definition: string): readonly Guard[] {
  const body = definition.indexOf("AS $");
  return conditions.flatMap(([pattern, replacement]) =>
    [...definition.matchAll(pattern)]
      .filter(({ index }) => index > body)
      .map(({ index, 0: text }, n) => ({ index, text, replacement, turn: n + 1 })),
  );
}

/** Each check of a function, by itself. */
export function checksIn(definition: string): readonly Guard[] {
  return checks.flatMap((pattern) =>
    [...definition.matchAll(pattern)]
      .filter(([text]) => !isNoGuard.test(text))
      .map(({ index, 0: text }, n) => ({ index, text, replacement: "null;", turn: n + 1 })),
  );
}

/** The definition without the guard. */
export function without(definition: string, { index, text, replacement }: Guard): string {
  return definition.slice(0, index) + replacement + definition.slice(index + text.length);
}
