/** In charge of the changes that change nothing: what they take away is said a second time somewhere else. */

/** By mutant: why nobody can tell it from the original. */
export const equivalents: Readonly<Record<string, string>> = {
  "iam.live_grants: c.tenant_id = tenant -> true (3)":
    "a grant can't name another tenant's role (trigger same_tenant_role)",
  "iam.live_grants: m.tenant_id = tenant -> true":
    "a group is granted things in its own tenant only, and other tenants' grants are left out there",
  "iam.managed_groups: g.tenant_id = tenant -> true": "whoever asks it has resolved the group in his tenant",
  "iam.given_everywhere: g.effect = 'allow' -> true":
    "without a deny, which is asked beside it, every grant is an allow",
  "iam.scopes_given: g.effect = 'allow' -> true": "a scope that is denied is taken out again",
  "iam.user_can: g.effect = 'allow' -> true": "without a deny, which is asked beside it, every grant is an allow",
  "iam.scope_keys_given: s.tenant_id = tenant -> true": "the scopes it is asked for are the tenant's",
  "iam.scope_keys_with: s.tenant_id = tenant -> true": "the scopes it is asked for are the tenant's",
  "iam.lacks: g.user_id = of_user -> true":
    "asks iam.is_touched_by_deny, which looks at his own, where there is a deny against anybody",
  "iam.lacks: m.tenant_id = tenant -> true (2)":
    "a group is granted things in its own tenant only: no scope of this one stands below that",
  "iam.held_until: m.tenant_id = tenant -> true (2)":
    "a group is granted things in its own tenant only: no scope of this one stands below that",
  "iam.held_until: g.effect = 'allow' -> true (2)": "a deny is never given to a group",
  "iam.lacks: g.effect = 'allow' -> true": "a deny that covers it touches it, which is asked beside it",
  "iam.lacks: g.effect = 'allow' -> true (2)": "a deny is never given to a group",
  "iam.held_until: g.tenant_id = tenant -> true":
    "counts what the caller holds in another tenant too: no scope of this one stands below that",
  "iam.lacks: g.tenant_id = tenant -> true":
    "counts what the caller holds in another tenant too: no scope of this one stands below that",
  "iam.active_users: t.deleted_at is null -> true (2)": "nobody has a session in a deleted tenant to ask in",
  "iam.active_users: t.deleted_at is null -> true (4)": "nobody has a session in a deleted tenant to ask in",
  "iam.features_held: m.effect = 'allow' -> true": "without a deny, which is asked beside it, every grant is an allow",
  "iam.features_held: m.effect = 'allow' -> true (2)":
    "without a deny, which is asked beside it, every grant is an allow",
  "iam.features_held: m.effect = 'allow' -> true (3)":
    "without a deny, which is asked beside it, every grant is an allow",
  "iam.holders: g.effect = 'allow' -> true": "whoever is denied is taken out again",
  "iam.live_grants_at: g.tenant_id = tenant -> true":
    "at a scope of the tenant, or above it, stand its own grants and those at global/all",
  "iam.live_grants_at: c.tenant_id = tenant -> true (2)":
    "a grant can't name another tenant's role (trigger same_tenant_role)",
  "iam.live_grants_at: g.tenant_id = tenant -> true (3)":
    "at a scope of the tenant, or above it, stand its own grants and those at global/all",
  "iam.require_over_providers without perform iam.require(feature, everywhere);":
    "who holds everything at global/all, which is asked beside it, of his delegates as well, holds this",
  "iam.add_tenant_member: u.deleted_at is null -> true":
    "who is deleted has no e-mail address any more (constraint users_deleted_check)",
  "iam.blocked_grants: m.tenant_id = tenant -> true":
    "at a scope of the tenant, or above it, stand its own grants and those at global/all",
  "iam.blocked_grants: g.tenant_id = tenant -> true (2)":
    "at a scope of the tenant, or above it, stand its own grants and those at global/all",
  "iam.can_all: g.effect = 'allow' -> true": "without a deny, which is asked beside it, every grant is an allow",
  "iam.caller_reach: g.effect = 'allow' -> true": "a deny, wherever, is reason enough not to hold it everywhere",
  "iam.caller_reach: g.effect = 'allow' -> true (2)":
    "what is denied is taken out of the places again, and may count as one of them",
  "iam.caller_key_reach: s.tenant_id = tenant -> true": "the places that iam.caller_reach() gives are the tenant's",
  "iam.require_over_user: m.tenant_id = tenant -> true": "who is a member of another tenant is caught before it",
  "iam.require_to_hand_out_group: g.effect = 'allow' -> true": "a deny is never given to a group",
  "iam.require_an_owner: g.effect = 'allow' -> true":
    "who is denied it is kept from granting, which is asked beside it",
  "iam.readable_scopes: c.tenant_id = tenant -> true": "a key is given things in its own tenant only (foreign key)",
  "iam.readable_scopes: g.tenant_id = tenant -> true (3)": "no scope of this tenant stands below another's",
  "iam.readable_users: m.tenant_id = tenant -> true (2)": "the groups whose members are shown are the tenant's",
  "iam.users_by_way: m.tenant_id = tenant -> true": "only those who are active in the tenant are looked for among them",
  "iam.ways_through_groups: m.tenant_id = tenant -> true":
    "the groups that it leads to are the tenant's, and so are those in them",
  "iam.telling_authority_of: m.effect = 'allow' -> true":
    "without a deny, which is asked beside it, everything met is an allow",
  "iam.telling_authority_of: m.effect = 'allow' -> true (2)":
    "without a deny, which is asked beside it, everything met is an allow",
  "iam.telling_authority_of: m.effect = 'allow' -> true (3)":
    "without a deny above, which is asked beside it, everything met above is an allow",
  "iam.resolve_scope: s.tenant_id = tenant -> true":
    "the scopes that he may see are the tenant's, and the one above all",
  "iam.delete_user: m.user_id = person -> true (2)":
    "where he is no member he has nothing but grants (foreign keys), and they all end",
  "chat_shares_all_tenant: with check (true)":
    "behind the column privileges, and the policies beside it, nothing is left to refuse",
  "todo_shares_all_tenant: with check (true)":
    "behind the column privileges, and the policies beside it, nothing is left to refuse",
};
