/** In charge of the changes that change nothing: what they take away is said a second time somewhere else. */

/** By mutant: why nobody can tell it from the original. */
export const equivalents: Readonly<Record<string, string>> = {
  "iam.grants_covering: c.tenant_id = tenant -> true":
    "a grant can't name another tenant's role (trigger same_tenant_role)",
  "iam.groups_of: m.tenant_id = tenant -> true":
    "what another tenant's group is given or shared is that tenant's, and left out there",
  "iam.readable_groups: g.tenant_id = tenant -> true": "whoever asks it filters by tenant again",
  "iam.holds_everywhere: g.effect = 'allow' -> true":
    "without a deny, which is asked beside it, every grant is an allow",
  "iam.scopes_with: g.effect = 'allow' -> true": "a scope that is denied is taken out again",
  "iam.user_can: g.effect = 'allow' -> true": "without a deny, which is asked beside it, every grant is an allow",
  "iam.shared_todos: s.tenant_id = (select iam.caller_tenant_id()) -> true":
    "the tables' floor keeps other tenants' rows out",
  "iam.shared_chats: s.tenant_id = (select iam.caller_tenant_id()) -> true":
    "the tables' floor keeps other tenants' rows out",
  "iam.held_until: g.effect = 'allow' -> true": "a deny that covers it touches it, which is asked beside it",
  "iam.held_until: g.effect = 'allow' -> true (2)": "a deny is never given to a group",
  "iam.held_until: g.tenant_id = tenant -> true":
    "counts what the caller holds in another tenant too: stricter than it must be, and no escalation without it",
};
