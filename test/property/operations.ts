/**
 * In charge of what people can try with the functions of iam: each with random arguments and with who is entitled to it,
 * said as plainly as the function's own comment. What entitles is necessary, not sufficient: a conflict may still refuse.
 */
import { holdsAll } from "./authority.js";
import { type Caller, delegatesHold, groupsOf, holds, holdsEverywhere, isMember } from "./oracle.js";
import type { LiveWorld, ManagedGroup } from "./read-world.js";
import { globalScope, type Scope } from "./world.js";

/** One try: a call, and whether it may succeed. */
export interface Operation {
  readonly name: string;
  readonly sql: string;
  readonly parameters: readonly unknown[];
  readonly isEntitled: boolean;
}

/** What chooses the arguments. */
export interface Dice {
  below(limit: number): number;
  pick<T>(list: readonly T[]): T | undefined;
}

type Draw = (world: LiveWorld, caller: Caller, dice: Dice) => Operation | null;

const rootOf = (world: LiveWorld, caller: Caller) =>
  world.scopes.find((scope) => scope.tenant === caller.tenant && scope.parent === null) ?? globalScope;
const atRoot = (world: LiveWorld, caller: Caller, feature: string) =>
  holds(world, caller, feature, rootOf(world, caller));
const atGlobal = (world: LiveWorld, caller: Caller, feature: string) => holds(world, caller, feature, globalScope);
const scopesIn = (world: LiveWorld, caller: Caller) => world.scopes.filter((scope) => scope.tenant === caller.tenant);
const groupsIn = (world: LiveWorld, caller: Caller) => world.groups.filter((group) => group.tenant === caller.tenant);
const rolesIn = (world: LiveWorld, caller: Caller) =>
  world.roles.filter((r) => r.tenant === null || r.tenant === caller.tenant);
const ref = (kind: string, id: string) => `${kind}:${id}`;
const placeOf = (scope: Scope) => (scope.id === "global" ? "global/all" : ref("Scope", scope.id));

function call(name: string, isEntitled: boolean, args: Readonly<Record<string, unknown>>): Operation {
  const given = Object.entries(args).filter(([, value]) => value !== undefined);
  const list = given.map(([key], n) => `"${key}" => $${n + 1}`).join(", ");
  return { name, sql: `select * from iam.${name}(${list})`, parameters: given.map(([, value]) => value), isEntitled };
}

const isAssignable = (world: LiveWorld, name: string | undefined) =>
  name !== undefined && !world.unassignable.includes(name);

// Grants ----------------------------------------------------------------------------------------------------------------

function until(dice: Dice): string | undefined {
  return [
    undefined,
    undefined,
    new Date(Date.now() + 1_800_000).toISOString(),
    new Date(Date.now() + 7_000_000).toISOString(),
  ][dice.below(4)];
}

function grantee(world: LiveWorld, caller: Caller, dice: Dice) {
  const user = dice.pick(world.users)?.id;
  const group = dice.below(3) === 0 ? dice.pick(groupsIn(world, caller))?.id : undefined;
  return group !== undefined ? { group: ref("Group", group) } : { user: user === undefined ? "" : ref("User", user) };
}

function somewhere(world: LiveWorld, caller: Caller, dice: Dice): Scope {
  return dice.below(6) === 0 ? globalScope : (dice.pick(scopesIn(world, caller)) ?? globalScope);
}

const grantRole: Draw = (world, caller, dice) => {
  const scope = somewhere(world, caller, dice);
  const role = dice.pick(rolesIn(world, caller));
  const to = grantee(world, caller, dice);
  const given = { role: ref("Role", role?.id ?? ""), scope: placeOf(scope), ...to, valid_until: until(dice) };
  const mayGive = holds(world, caller, "iam.grants.create", scope) && isAssignable(world, role?.id);
  return call("grant_role", mayGive, given);
};
const grantFeature: Draw = (world, caller, dice) => {
  const scope = somewhere(world, caller, dice);
  const feature = dice.pick(dice.below(2) === 0 ? ["todos.read", "chats.read"] : world.features);
  const effect = dice.below(3) === 0 ? "deny" : "allow";
  const to = grantee(world, caller, dice);
  const mayGive = holds(world, caller, "iam.grants.create", scope) && isAssignable(world, feature);
  return call("grant_feature", mayGive, { feature, scope: placeOf(scope), ...to, effect, valid_until: until(dice) });
};
const revoke: Draw = (world, caller, dice) => {
  const grant = dice.pick(world.grants);
  if (grant === undefined) return null;
  const scope = [globalScope, ...scopesIn(world, caller)].find((candidate) => candidate.id === grant.scope);
  const mayEnd = scope !== undefined && holds(world, caller, "iam.grants.delete", scope);
  return call("revoke", mayEnd, { grant: ref("Grant", grant.id) });
};

// Groups ----------------------------------------------------------------------------------------------------------------

function manages(world: LiveWorld, caller: Caller, group: ManagedGroup): boolean {
  if (group.isLocked || group.isSystem || group.tenant !== caller.tenant) return false;
  const isIn = groupsOf(world, caller).some((candidate) => candidate.id === group.id);
  const isHis =
    holdsEverywhere(world, { user: caller.user, tenant: caller.tenant }, "iam.groups.update") ||
    group.owner === caller.user ||
    (group.membersManageEachOther && isIn);
  return isHis && mayHandle(world, caller, "iam.groups.update");
}

// What one may without a feature takes it of whoever acts as him, and of his key.
function mayHandle(world: LiveWorld, caller: Caller, feature: string): boolean {
  return delegatesHold(world, caller, feature, rootOf(world, caller));
}

const groupsAbove = (world: LiveWorld, id: string): readonly string[] => [
  id,
  ...world.groupIncludes.filter((link) => link.included === id).flatMap((link) => groupsAbove(world, link.group)),
];

function holdsAllOfGroup(world: LiveWorld, caller: Caller, group: string): boolean {
  const above = groupsAbove(world, group);
  return holdsAll(
    world,
    caller,
    world.grants.filter((grant) => "group" in grant.to && above.includes(grant.to.group)),
  );
}

function onGroup(
  name: string,
  entitled: (world: LiveWorld, caller: Caller, group: ManagedGroup) => boolean,
  more: (world: LiveWorld, caller: Caller, dice: Dice) => Readonly<Record<string, unknown>> = () => ({}),
): Draw {
  return (world, caller, dice) => {
    const group = dice.pick(world.groups);
    if (group === undefined) return null;
    const given = { group: ref("Group", group.id), ...more(world, caller, dice) };
    return call(name, group.tenant === caller.tenant && entitled(world, caller, group), given);
  };
}

const someUser = (world: LiveWorld, dice: Dice) => ref("User", dice.pick(world.users)?.id ?? "");
const owns = (caller: Caller, group: ManagedGroup) => group.owner === caller.user;
const updatesAll = (world: LiveWorld, caller: Caller) => atRoot(world, caller, "iam.groups.update");

const removeGroupMember: Draw = (world, caller, dice) => {
  const membership = dice.pick(world.groupMemberships);
  const group = world.groups.find((candidate) => candidate.id === membership?.group);
  if (membership === undefined || group === undefined) return null;
  const isOwn =
    membership.user === caller.user && group.tenant === caller.tenant && mayHandle(world, caller, "iam.groups.update");
  const given = { group: ref("Group", group.id), user: ref("User", membership.user) };
  return call("remove_group_member", isOwn || manages(world, caller, group), given);
};

const includeGroup = (name: string): Draw =>
  onGroup(name, manages, (world, caller, dice) => ({
    included: ref("Group", dice.pick(groupsIn(world, caller))?.id ?? ""),
  }));

const groupOperations: readonly Draw[] = [
  (world, caller) =>
    call(
      "create_group",
      (isMember(world, caller.user ?? "", caller.tenant ?? "") && mayHandle(world, caller, "iam.groups.create")) ||
        atRoot(world, caller, "iam.groups.create"),
      {
        name: `group ${serial()}`,
      },
    ),
  onGroup("update_group", manages, (_world, _caller, dice) => ({ members_manage_each_other: dice.below(2) === 0 })),
  onGroup(
    "delete_group",
    (w, c, g) =>
      manages(w, c, g) && ((owns(c, g) && mayHandle(w, c, "iam.groups.delete")) || atRoot(w, c, "iam.groups.delete")),
  ),
  onGroup(
    "add_group_member",
    (w, c, g) => manages(w, c, g) && g.isActive && isAssignable(w, g.id),
    (world, _caller, dice) => ({
      user: someUser(world, dice),
      valid_until: until(dice),
    }),
  ),
  removeGroupMember,
  onGroup("enable_group", updatesAll),
  onGroup("disable_group", updatesAll),
  onGroup("lock_group", updatesAll),
  onGroup("unlock_group", updatesAll),
  onGroup("set_group_type", manages, (_w, _c, dice) => ({ type: dice.pick(["internal", "hybrid", "external"]) })),
  onGroup("set_group_assignable", manages, (_w, _c, dice) => ({ is_assignable: dice.below(4) > 0 })),
  onGroup(
    "assign_group_owner",
    (w, c, g) => manages(w, c, g) && (owns(c, g) || updatesAll(w, c)) && holdsAllOfGroup(w, c, g.id),
    (world, _caller, dice) => ({ user: someUser(world, dice) }),
  ),
  includeGroup("include_group"),
  includeGroup("exclude_group"),
  onGroup(
    "create_group_mapping",
    (w, c, g) => manages(w, c, g) && updatesAll(w, c) && holdsAllOfGroup(w, c, g.id),
    () => ({ provider: "proof_on", external_id: `external ${serial()}` }),
  ),
  (world, caller, dice) => {
    const mapping = dice.pick(world.mappings);
    const group = world.groups.find((candidate) => candidate.id === mapping?.group);
    if (mapping === undefined || group === undefined) return null;
    const mayEnd = manages(world, caller, group) && updatesAll(world, caller);
    return call("delete_group_mapping", mayEnd, { mapping: ref("GroupMapping", mapping.id) });
  },
];

// Scopes, roles, features -------------------------------------------------------------------------------------------------

const above = (world: LiveWorld, scope: Scope) =>
  world.scopes.find((candidate) => candidate.id === scope.parent) ?? globalScope;

function onScope(
  name: string,
  entitled: (world: LiveWorld, caller: Caller, scope: Scope, other: Scope) => boolean,
  args: (scope: Scope, other: Scope) => Readonly<Record<string, unknown>>,
): Draw {
  return (world, caller, dice) => {
    const scope = dice.pick(world.scopes);
    const other = dice.pick(scopesIn(world, caller));
    if (scope === undefined || other === undefined) return null;
    return call(name, scope.tenant === caller.tenant && entitled(world, caller, scope, other), args(scope, other));
  };
}

const scopeOperations: readonly Draw[] = [
  onScope(
    "create_scope",
    (w, c, s) => holds(w, c, "iam.scopes.create", s),
    (s) => ({ parent: placeOf(s), type: "store", key: serial() }),
  ),
  onScope(
    "update_scope",
    (w, c, s) => holds(w, c, "iam.scopes.update", s),
    (s) => ({ scope: placeOf(s), name: "New name" }),
  ),
  onScope(
    "move_scope",
    (w, c, s, to) => holds(w, c, "iam.scopes.update", above(w, s)) && holds(w, c, "iam.scopes.update", to),
    (s, to) => ({ scope: placeOf(s), parent: placeOf(to) }),
  ),
  onScope(
    "delete_scope",
    (w, c, s) => holds(w, c, "iam.scopes.delete", above(w, s)),
    (s) => ({ scope: placeOf(s) }),
  ),
];

function onRole(
  name: string,
  feature: string,
  more: (world: LiveWorld, caller: Caller, dice: Dice) => Readonly<Record<string, unknown>>,
): Draw {
  return (world, caller, dice) => {
    const role = dice.pick(world.roles);
    if (role === undefined) return null;
    const isOwn = role.tenant !== null && role.tenant === caller.tenant;
    return call(name, isOwn && atRoot(world, caller, feature), {
      role: ref("Role", role.id),
      ...more(world, caller, dice),
    });
  };
}

const someFeatures = (world: LiveWorld, _caller: Caller, dice: Dice) => ({ features: [dice.pick(world.features)] });
const someRole = (world: LiveWorld, caller: Caller, dice: Dice) => ({
  included: ref("Role", dice.pick(rolesIn(world, caller))?.id ?? ""),
});

const roleOperations: readonly Draw[] = [
  (world, caller) =>
    call("create_role", atRoot(world, caller, "iam.roles.create"), { code: `r${serial()}`, name: "New" }),
  onRole("update_role", "iam.roles.update", () => ({ name: "Renamed" })),
  onRole("delete_role", "iam.roles.delete", () => ({})),
  onRole("add_role_features", "iam.roles.update", someFeatures),
  onRole("add_role_features", "iam.roles.update", someFeatures),
  onRole("remove_role_features", "iam.roles.update", someFeatures),
  onRole("include_role", "iam.roles.update", someRole),
  onRole("include_role", "iam.roles.update", someRole),
  onRole("exclude_role", "iam.roles.update", someRole),
  onRole("set_role_assignable", "iam.roles.update", (_w, _c, dice) => ({ is_assignable: dice.below(4) > 0 })),
  (world, caller) => call("create_feature", atGlobal(world, caller, "iam.features.create"), { code: `new${serial()}` }),
  (world, caller, dice) =>
    call("update_feature", atGlobal(world, caller, "iam.features.update"), {
      feature: dice.pick(world.features),
      sort_order: 1,
    }),
  (world, caller, dice) =>
    call("set_feature_assignable", atGlobal(world, caller, "iam.features.update"), {
      feature: dice.pick(world.features),
      is_assignable: true,
    }),
];

// People ----------------------------------------------------------------------------------------------------------------

function isOver(world: LiveWorld, caller: Caller, feature: string, user: string): boolean {
  if (atGlobal(world, caller, feature)) return true;
  const homes = world.memberships.filter((m) => m.user === user && !m.isEnded).map((m) => m.tenant);
  const isAbove = world.grants.some((g) => "user" in g.to && g.to.user === user && g.scope === "global");
  const isOnlyHere = homes.length === 1 && homes[0] === caller.tenant;
  return isOnlyHere && !isAbove && atRoot(world, caller, feature);
}

function holdsAllOfUser(world: LiveWorld, caller: Caller, user: string): boolean {
  const own = world.grants.filter((grant) => "user" in grant.to && grant.to.user === user);
  const groups = world.groupMemberships.filter(
    (m) => m.user === user && (m.period.until === null || m.period.until > 0),
  );
  return (
    holdsAll(world, caller, own) &&
    groups.every((m) => m.period.until !== null || holdsAllOfGroup(world, caller, m.group))
  );
}

function isHimself(world: LiveWorld, caller: Caller, feature: string, user: string): boolean {
  return user === caller.user && mayHandle(world, caller, feature);
}

function onUser(
  name: string,
  entitled: (world: LiveWorld, caller: Caller, user: string) => boolean,
  more: Readonly<Record<string, unknown>> = {},
): Draw {
  return (world, caller, dice) => {
    const user = dice.pick(world.users)?.id;
    return user === undefined ? null : call(name, entitled(world, caller, user), { user: ref("User", user), ...more });
  };
}

function onIdentity(name: string, entitled: (world: LiveWorld, caller: Caller, user: string) => boolean): Draw {
  return (world, caller, dice) => {
    const identity = dice.pick(world.identities);
    if (identity === undefined) return null;
    return call(name, entitled(world, caller, identity.user), { identity: ref("Identity", identity.id) });
  };
}

const userOperations: readonly Draw[] = [
  onUser("update_user", (w, c, u) => isHimself(w, c, "iam.users.update", u) || isOver(w, c, "iam.users.update", u), {
    name: "Renamed",
  }),
  onUser("disable_user", (w, c, u) => isOver(w, c, "iam.users.update", u)),
  onUser("enable_user", (w, c, u) => isOver(w, c, "iam.users.update", u)),
  onUser("lock_user", (w, c, u) => isOver(w, c, "iam.users.update", u)),
  onUser("unlock_user", (w, c, u) => isOver(w, c, "iam.users.update", u)),
  onUser("assign_tenant_owner", (w, c) => atRoot(w, c, "*")),
  onUser(
    "remove_tenant_member",
    (w, c, u) => isHimself(w, c, "iam.users.delete", u) || atRoot(w, c, "iam.users.delete"),
  ),
  onUser("add_tenant_member", (w, c) => atRoot(w, c, "iam.users.create")),
  (world, caller) =>
    call("create_user", atRoot(world, caller, "iam.users.create"), { email: `${serial()}@proof.test` }),
  (world, caller, dice) => {
    const user = dice.pick(world.users)?.id ?? "";
    const mayLink = isOver(world, caller, "iam.identities.create", user) && holdsAllOfUser(world, caller, user);
    const given = { user: ref("User", user), provider: "proof_on", subject: `linked-${serial()}` };
    return call("link_identity", mayLink, given);
  },
  onIdentity("disable_identity", (w, c, u) => isOver(w, c, "iam.identities.update", u)),
  onIdentity("enable_identity", (w, c, u) => isOver(w, c, "iam.identities.update", u) && holdsAllOfUser(w, c, u)),
  onIdentity(
    "unlink_identity",
    (w, c, u) => isHimself(w, c, "iam.identities.delete", u) || isOver(w, c, "iam.identities.delete", u),
  ),
  (world, caller) =>
    call("update_tenant", atRoot(world, caller, "iam.tenants.update"), {
      tenant: ref("Tenant", caller.tenant ?? ""),
      name: "Renamed",
    }),
  (world, caller) =>
    call("create_provider", atGlobal(world, caller, "*"), {
      code: `p${serial()}`,
      name: "New",
      issuer: `https://${serial()}`,
      audience: ["a"],
      algorithms: ["ES256"],
      jwks_uri: "https://keys.test",
    }),
  (world, caller) => call("update_provider", atGlobal(world, caller, "*"), { provider: "proof_on", name: "Renamed" }),
  (world, caller) => call("enable_provider", atGlobal(world, caller, "*"), { provider: "proof_on" }),
];

// Keys and tokens -----------------------------------------------------------------------------------------------------------

// Over his own by himself, over another's with the feature; and whoever learns another's secret holds all that he holds.
function onKey(name: string, feature: string, args: (dice: Dice) => Readonly<Record<string, unknown>>): Draw {
  return (world, caller, dice) => {
    const key = dice.pick(world.apiKeys);
    if (key === undefined) return null;
    const isOwn = isHimself(world, caller, feature, key.owner);
    const learns = name === "rotate_api_key" && key.owner !== caller.user;
    const mayDo =
      key.tenant === caller.tenant &&
      (isOwn || atRoot(world, caller, feature)) &&
      (!learns || holdsAllOfUser(world, caller, key.owner));
    return call(name, mayDo, { key: ref("ApiKey", key.id), ...args(dice) });
  };
}

const newSecret = (dice: Dice) => Array.from({ length: 64 }, () => dice.below(16).toString(16)).join("");

const createKey: Draw = (world, caller, dice) => {
  const other = dice.below(2) === 0 ? dice.pick(world.users)?.id : undefined;
  const isForOther = other !== undefined && other !== caller.user;
  const mayMake = isForOther
    ? atRoot(world, caller, "iam.api_keys.create") && holdsAllOfUser(world, caller, other)
    : mayHandle(world, caller, "iam.api_keys.create");
  return call("create_api_key", mayMake, {
    name: "Key",
    public_id: newSecret(dice).slice(0, 16),
    secret_hash: newSecret(dice),
    features: [dice.pick(["todos.read", "chats", "iam.groups"])],
    ...(other === undefined ? {} : { user: ref("User", other) }),
  });
};

const createToken: Draw = (world, caller, dice) => {
  const role = dice.below(2) === 0 ? dice.pick(rolesIn(world, caller)) : undefined;
  const scope = dice.pick(scopesIn(world, caller)) ?? globalScope;
  const mayInvite = atRoot(world, caller, "iam.users.create");
  const mayGive =
    role === undefined || (holds(world, caller, "iam.grants.create", scope) && isAssignable(world, role.id));
  return call("create_token", mayInvite && mayGive, {
    secret_hash: newSecret(dice),
    email: `${serial()}@proof.test`,
    ...(role === undefined ? {} : { role: ref("Role", role.id), scope: placeOf(scope) }),
  });
};

const keyOperations: readonly Draw[] = [
  createKey,
  onKey("update_api_key", "iam.api_keys.update", () => ({ name: "Renamed" })),
  onKey("rotate_api_key", "iam.api_keys.update", (dice) => ({ secret_hash: newSecret(dice) })),
  onKey("revoke_api_key", "iam.api_keys.delete", () => ({})),
  onKey("grant_to_api_key", "iam.api_keys.update", (dice) => ({ features: [dice.pick(["todos.read", "chats", "x"])] })),
  createToken,
];

/** Rare, because they end much. */
const endings: readonly Draw[] = [
  onUser("delete_user", (w, c, u) => isOver(w, c, "iam.users.delete", u)),
  (world, caller) => call("create_tenant", atGlobal(world, caller, "*"), { slug: `t${serial()}`, name: "New" }),
];

const grantOperations = [grantRole, grantRole, grantFeature, grantFeature, revoke, revoke];

/** Draws something to try; mostly the one that is in focus, when one is. */
export function drawOperation(world: LiveWorld, caller: Caller, dice: Dice, focus?: string): Operation | null {
  if (focus !== undefined && dice.below(10) < 6) {
    for (let tries = 0; tries < 80; tries += 1) {
      const drawn = dice.pick(everything)?.(world, caller, dice);
      if (drawn?.name === focus) return drawn;
    }
  }
  const families = [
    grantOperations,
    groupOperations,
    groupOperations,
    scopeOperations,
    roleOperations,
    userOperations,
    keyOperations,
  ];
  const family = dice.below(40) === 0 ? endings : dice.pick(families);
  return dice.pick(family ?? [])?.(world, caller, dice) ?? null;
}

const everything = [
  ...grantOperations,
  ...groupOperations,
  ...scopeOperations,
  ...roleOperations,
  ...userOperations,
  ...keyOperations,
  ...endings,
];

let made = 0;

// A name that nobody has yet.
function serial(): string {
  made += 1;
  return `${process.pid}n${made}`;
}
