/**
 * In charge of the decision (DESIGN §3), written as plainly as possible over in-memory data: the readable specification.
 * It shares no code with the gateway, keeps nothing, and is slow on purpose.
 */
import type { ApiKey, Grant, Group, Period, Role, Row, Sale, Scope, Share, World } from "./world.js";

/** What a request shows: a user's token, his API key, or nothing; the tenant that it asks for, and whom it wants to act as. */
export interface Credential {
  readonly user: string | null;
  readonly tenant: string | null;
  /** The key that is shown instead of a token; `user` is whose it is. */
  readonly apiKey?: string;
  readonly actAs?: string;
}

/** Who acts, and where: the user, whoever really acts as him, and the API key that the session was opened with. */
export interface Caller {
  readonly user: string | null;
  readonly tenant: string | null;
  readonly actor?: string;
  readonly apiKey?: string;
}

/** One of those who must agree: a user, or an API key. */
export type Party =
  | { readonly user: string; readonly tenant: string | null }
  | { readonly apiKey: ApiKey; readonly tenant: string | null };

/** What may be done to a row. */
export type Command = "read" | "update" | "delete" | "share";

// Alive -----------------------------------------------------------------------------------------------------------------

/** Who a credential stands for, or the number of the reason why there is no session. */
export function open(world: World, credential: Credential): Caller | number {
  if (credential.apiKey !== undefined) return openByKey(world, credential);
  const caller = openByToken(world, credential);
  if (typeof caller === "number" || credential.actAs === undefined || caller.user === null) return caller;
  return actAs(world, caller, credential.actAs);
}

function openByToken(world: World, credential: Credential): Caller | number {
  if (credential.user === null) {
    if (credential.tenant === null) return { user: null, tenant: null };
    return isActiveTenant(world, credential.tenant) ? credential : 52108;
  }
  const user = world.users.find((candidate) => candidate.id === credential.user);
  if (user === undefined) return 52103;
  if (!user.isProviderEnabled) return 52107;
  if (!user.isIdentityEnabled) return 52110;
  if (!user.isActive) return 52105;
  if (user.isLocked) return 52106;
  if (!user.mayLogIn) return 52112;
  if (credential.tenant !== null)
    return mayActIn(world, user.id, credential.tenant) ? { user: user.id, tenant: credential.tenant } : 52108;
  if (user.selectedTenant !== null && mayActIn(world, user.id, user.selectedTenant))
    return { user: user.id, tenant: user.selectedTenant };
  const homes = world.tenants.filter((tenant) => !tenant.isDeleted && isMember(world, user.id, tenant.id));
  return { user: user.id, tenant: homes.length === 1 ? (homes[0]?.id ?? null) : null };
}

/** A key stands for its owner in its own tenant; one that is unknown, expired or revoked is no credential at all. */
function openByKey(world: World, credential: Credential): Caller | number {
  const key = world.apiKeys.find((candidate) => candidate.id === credential.apiKey);
  if (key === undefined || key.isRevoked || !isLive({ from: null, until: key.expires })) return 401;
  const owner = world.users.find((user) => user.id === key.owner);
  if (owner === undefined) return 52103;
  if (!owner.isActive) return 52105;
  if (owner.isLocked) return 52106;
  if (!mayActIn(world, owner.id, key.tenant)) return 52108;
  if (credential.tenant !== null && credential.tenant !== key.tenant) return 52108;
  return { user: owner.id, tenant: key.tenant, apiKey: key.id };
}

/** Who holds iam.impersonate at the root acts as any active member of the tenant. */
function actAs(world: World, { user: actor, tenant }: Caller, name: string): Caller | number {
  const root = world.scopes.find((scope) => scope.tenant === tenant && scope.parent === null);
  if (actor === null || tenant === null || root === undefined) return 52108;
  if (!holds(world, { user: actor, tenant }, "iam.impersonate", root)) return 52109;
  const user = world.users.find((candidate) => candidate.id === name);
  if (user === undefined || !isMember(world, user.id, tenant)) return 52103;
  if (!user.isActive) return 52105;
  if (user.isLocked) return 52106;
  return { user: user.id, tenant, actor };
}

/** Everybody who must agree: the user, whoever acts as him, and the key. An anonymous caller is nobody. */
function partiesOf(world: World, { user, tenant, actor, apiKey }: Caller): readonly Party[] {
  const people = [user, actor].filter((name) => typeof name === "string").map((name) => ({ user: name, tenant }));
  const keys = world.apiKeys.filter((key) => key.id === apiKey).map((key) => ({ apiKey: key, tenant }));
  return [...people, ...keys];
}

/** Whether all but the user himself hold the feature: whoever acts as him, and the key. What is one's own is done so. */
export function delegatesHold(world: World, caller: Caller, feature: string, scope: Scope): boolean {
  return partiesOf(world, caller)
    .slice(1)
    .every((party) => isHeldBy(world, party, feature, scope));
}

/** Whether all of them may: the user, whoever acts as him, and the key. */
export function agree(world: World, caller: Caller, mayBy: (party: Party) => boolean): boolean {
  return caller.user !== null && partiesOf(world, caller).every(mayBy);
}

/** Membership is required unless an allow-grant at global/all reaches the tenant. */
export function mayActIn(world: World, user: string, tenant: string): boolean {
  return isActiveTenant(world, tenant) && (isMember(world, user, tenant) || reachesEverywhere(world, user));
}

/** Whether the user is an active member of the tenant. */
export function isMember(world: World, user: string, tenant: string): boolean {
  return world.memberships.some((m) => m.user === user && m.tenant === tenant && !m.isEnded);
}

function isActiveTenant(world: World, tenant: string): boolean {
  return world.tenants.some((candidate) => candidate.id === tenant && !candidate.isDeleted);
}

function reachesEverywhere(world: World, user: string): boolean {
  return world.grants.some(
    (grant) =>
      isGivenToUser(grant, user) && grant.scope === "global" && grant.effect === "allow" && isLive(grant.period),
  );
}

/** A period holds from its first instant up to, but not at, its last. */
export function isLive({ from, until }: Period): boolean {
  return (from === null || from <= 0) && (until === null || until > 0);
}

// Feature ---------------------------------------------------------------------------------------------------------------

/** Whether the caller holds the feature at the scope: he does, whoever acts as him does, and his API key was given it. */
export function holds(world: World, caller: Caller, feature: string, scope: Scope): boolean {
  return agree(world, caller, (party) => isHeldBy(world, party, feature, scope));
}

/** A key holds what it was given. A user holds what some live grant allows and none denies. */
function isHeldBy(world: World, party: Party, feature: string, scope: Scope): boolean {
  if (!world.features.includes(feature)) return false;
  if (scope.tenant !== null && scope.tenant !== party.tenant) return false;
  if ("apiKey" in party)
    return party.apiKey.gives.some(
      (given) => placesAbove(world, scope).includes(given.scope) && isAtOrAbove(given.feature, feature),
    );
  const covering = liveGrants(world, party)
    .filter((grant) => placesAbove(world, scope).includes(grant.scope))
    .filter((grant) => givenBy(world, grant).some((given) => isAtOrAbove(given, feature)));
  return covering.some((grant) => grant.effect === "allow") && !covering.some((grant) => grant.effect === "deny");
}

/** The scopes of the caller's tenant at which he holds the feature. */
export function scopesWith(world: World, caller: Caller, feature: string): readonly Scope[] {
  return scopesOfTenant(world, caller).filter((scope) => holds(world, caller, feature, scope));
}

/** Whether the caller holds the feature at every scope of his tenant. */
export function holdsEverywhere(world: World, caller: Caller, feature: string): boolean {
  return agree(world, caller, (party) => isHeldEverywhere(world, party, feature));
}

/** Whether the party holds the feature at every scope of the tenant. */
export function isHeldEverywhere(world: World, party: Party, feature: string): boolean {
  const scopes = scopesOfTenant(world, party);
  return scopes.length > 0 && scopes.every((scope) => isHeldBy(world, party, feature, scope));
}

/** Whether holding `given` is holding `asked`: `orders` is above `orders.cancel`, and `*` above everything. */
export function isAtOrAbove(given: string, asked: string): boolean {
  return given === "*" || given === asked || asked.startsWith(`${given}.`);
}

/** The scope and everything it stands in, the global scope last. */
export function placesAbove(world: World, scope: Scope): readonly string[] {
  if (scope.tenant === null) return [scope.id];
  const parent = world.scopes.find((candidate) => candidate.id === scope.parent);
  return [scope.id, ...(parent === undefined ? ["global"] : placesAbove(world, parent))];
}

/** The groups that the user is in: in date, nested, and active all the way. */
export function groupsOf(world: World, caller: Caller): readonly Group[] {
  const direct = world.groupMemberships.filter((m) => m.user === caller.user && isLive(m.period)).map((m) => m.group);
  const reached = withEverythingAbove(world, direct, []);
  return world.groups.filter((group) => group.tenant === caller.tenant && reached.includes(group.id));
}

function withEverythingAbove(world: World, names: readonly string[], seen: readonly string[]): readonly string[] {
  const active = names.filter((name) => world.groups.some((group) => group.id === name && group.isActive));
  const fresh = active.filter((name) => !seen.includes(name));
  if (fresh.length === 0) return seen;
  const above = world.groupIncludes.filter((link) => fresh.includes(link.included)).map((link) => link.group);
  return withEverythingAbove(world, above, [...seen, ...fresh]);
}

function liveGrants(world: World, caller: Caller): readonly Grant[] {
  const groups = groupsOf(world, caller).map((group) => group.id);
  return world.grants.filter(
    (grant) =>
      isLive(grant.period) && ("user" in grant.to ? grant.to.user === caller.user : groups.includes(grant.to.group)),
  );
}

function isGivenToUser(grant: Grant, user: string): boolean {
  return "user" in grant.to && grant.to.user === user;
}

/** The feature that a grant gives, or those of its role and of the roles it includes. */
export function givenBy(world: World, grant: Grant): readonly string[] {
  return "feature" in grant.gives ? [grant.gives.feature] : featuresOf(world, grant.gives.role, []);
}

function featuresOf(world: World, name: string, seen: readonly string[]): readonly string[] {
  const role: Role | undefined = world.roles.find((candidate) => candidate.id === name);
  if (role === undefined || seen.includes(name)) return [];
  return [...role.features, ...role.includes.flatMap((included) => featuresOf(world, included, [...seen, name]))];
}

function scopesOfTenant(world: World, caller: Pick<Caller, "tenant">): readonly Scope[] {
  return world.scopes.filter((scope) => scope.tenant !== null && scope.tenant === caller.tenant);
}

// Row -------------------------------------------------------------------------------------------------------------------

/** Whether the command is the caller's on the row: by himself, or by a share; whoever acts as him in the same way, his key by what it was given. */
export function allows(world: World, caller: Caller, command: Command, row: Row): boolean {
  return (
    row.tenant === caller.tenant &&
    agree(world, caller, (party) => isHis(world, party, command, row) || isSharedWith(world, party, command, row))
  );
}

/** Whether the command is the caller's without a share. */
export function mayByHimself(world: World, caller: Caller, command: Command, row: Row): boolean {
  return row.tenant === caller.tenant && agree(world, caller, (party) => isHis(world, party, command, row));
}

// He owns the row, or holds the feature at its scope. A key owns nothing.
function isHis(world: World, party: Party, command: Command, row: Row): boolean {
  const owns = "user" in party && row.owner === party.user;
  return owns || isHeldAt(world, party, `${row.resource}.${command}`, row.scope);
}

// Nothing is shared with a key, and sharing can't be shared.
function isSharedWith(world: World, party: Party, command: Command, row: Row): boolean {
  if ("apiKey" in party || command === "share") return false;
  return row.shares.some((share) => isFor(world, party, share) && opens(share, command));
}

/** Whether the caller can do it: what he may not read does not exist for him. */
export function can(world: World, caller: Caller, command: Command, row: Row): boolean {
  return allows(world, caller, "read", row) && allows(world, caller, command, row);
}

/** Whether the caller may put a row of the resource at the scope: at his tenant's root, or where he holds the feature. */
export function mayCreateAt(world: World, caller: Caller, resource: Row["resource"], scope: Scope): boolean {
  if (scope.tenant === null || scope.tenant !== caller.tenant || !mayOwn(world, caller)) return false;
  const isFree = (party: Party) => scope.parent === null && "user" in party;
  return agree(world, caller, (party) => isFree(party) || isHeldBy(world, party, `${resource}.create`, scope));
}

/** Whether the caller reads the row that he has just created at the scope. */
export function mayReadNew(world: World, caller: Caller, resource: Row["resource"], scope: Scope): boolean {
  if (caller.user === null || caller.tenant === null) return false;
  const row = { id: "new", resource, tenant: caller.tenant, owner: caller.user, scope: scope.id, shares: [] };
  return allows(world, caller, "read", row);
}

/** An owner is a member: who only reaches the tenant from above puts nothing in his own name into it. */
function mayOwn(world: World, { user, tenant }: Caller): boolean {
  return user !== null && tenant !== null && isMember(world, user, tenant);
}

/** Whether the caller sees the share: it is meant for him, or he may share the row. Whoever acts as him, and a key, must see the row. */
export function seesShare(world: World, caller: Caller, row: Row, share: Share): boolean {
  const isDelegated = caller.actor !== undefined || caller.apiKey !== undefined;
  if (row.tenant !== caller.tenant || (isDelegated && !allows(world, caller, "read", row))) return false;
  return isFor(world, caller, share) || can(world, caller, "share", row);
}

/** What a share lets its holder do. */
export type Opening = Pick<Share, "canRead" | "canWrite" | "canDelete">;

/** Whether the caller may give a share of the row this extent: nobody opens by a share what is not his by himself. */
export function mayOpen(world: World, caller: Caller, row: Row, { canWrite, canDelete }: Opening): boolean {
  if (!can(world, caller, "share", row)) return false;
  if (canWrite && !mayByHimself(world, caller, "update", row)) return false;
  return !canDelete || mayByHimself(world, caller, "delete", row);
}

/** Whether somebody can be given a share by the caller: an active member, or a group that he sees. */
export function mayReceive(world: World, caller: Caller, to: Share["to"]): boolean {
  if (caller.tenant === null) return false;
  if ("user" in to) return isMember(world, to.user, caller.tenant);
  return visibleGroups(world, caller).some((group) => group.id === to.group);
}

/** The groups that the caller sees: those he owns or is in, or all with iam.groups.read everywhere. */
export function visibleGroups(world: World, caller: Caller): readonly Group[] {
  const sees = (group: Group) => (party: Party) =>
    isHeldEverywhere(world, party, "iam.groups.read") ||
    ("user" in party && (group.owner === party.user || groupsOf(world, party).includes(group)));
  return world.groups.filter((group) => group.tenant === caller.tenant && agree(world, caller, sees(group)));
}

/** Whether the caller sees the sale: he holds view_sales_page everywhere, or at its campus. */
export function seesSale(world: World, caller: Caller, sale: Sale): boolean {
  const campus = world.scopes.find((s) => s.tenant === sale.tenant && s.type === "campus" && s.key === sale.campus);
  const sees = (party: Party) =>
    isHeldEverywhere(world, party, "view_sales_page") ||
    (campus !== undefined && isHeldBy(world, party, "view_sales_page", campus));
  return sale.tenant === caller.tenant && agree(world, caller, sees);
}

/** Whether the internal note of a todo is the caller's to read (and, of one he may edit, to write). */
export function mayAudit(world: World, caller: Caller, row: Row): boolean {
  return holdsAt(world, caller, `${row.resource}.audit`, row.scope);
}

function holdsAt(world: World, caller: Caller, feature: string, scope: string): boolean {
  return agree(world, caller, (party) => isHeldAt(world, party, feature, scope));
}

/** Whether the party holds the feature at the scope with this id. */
export function isHeldAt(world: World, party: Party, feature: string, scope: string): boolean {
  const place = world.scopes.find((candidate) => candidate.id === scope);
  return place !== undefined && isHeldBy(world, party, feature, place);
}

function isFor(world: World, caller: Caller, share: Share): boolean {
  const { to } = share;
  return "user" in to ? to.user === caller.user : groupsOf(world, caller).some((group) => group.id === to.group);
}

function opens(share: Share, command: "read" | "update" | "delete"): boolean {
  return { read: share.canRead, update: share.canWrite, delete: share.canDelete }[command];
}
