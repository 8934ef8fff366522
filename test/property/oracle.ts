/**
 * In charge of the decision (DESIGN §3), written as plainly as possible over in-memory data: the readable specification.
 * It shares no code with the gateway, keeps nothing, and is slow on purpose.
 */
import type { Grant, Group, Period, Role, Row, Sale, Scope, Share, World } from "./world.js";

/** What a request shows: a user's credential, or none, and the tenant that it asks for, if it names one. */
export interface Credential {
  readonly user: string | null;
  readonly tenant: string | null;
}

/** Who acts, and where. */
export interface Caller {
  readonly user: string | null;
  readonly tenant: string | null;
}

/** What may be done to a row. */
export type Command = "read" | "update" | "delete" | "share";

// Alive -----------------------------------------------------------------------------------------------------------------

/** Who a credential stands for, or the number of the reason why there is no session. */
export function open(world: World, credential: Credential): Caller | number {
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
  if (credential.tenant !== null) return mayActIn(world, user.id, credential.tenant) ? credential : 52108;
  if (user.selectedTenant !== null && mayActIn(world, user.id, user.selectedTenant))
    return { user: user.id, tenant: user.selectedTenant };
  const homes = world.tenants.filter((tenant) => !tenant.isDeleted && isMember(world, user.id, tenant.id));
  return { user: user.id, tenant: homes.length === 1 ? (homes[0]?.id ?? null) : null };
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

/** Whether the caller holds the feature at the scope: some live grant allows it and none denies it. */
export function holds(world: World, caller: Caller, feature: string, scope: Scope): boolean {
  if (caller.user === null || !world.features.includes(feature)) return false;
  if (scope.tenant !== null && scope.tenant !== caller.tenant) return false;
  const covering = liveGrants(world, caller)
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
  const scopes = scopesOfTenant(world, caller);
  return scopes.length > 0 && scopes.every((scope) => holds(world, caller, feature, scope));
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

function scopesOfTenant(world: World, caller: Caller): readonly Scope[] {
  return world.scopes.filter((scope) => scope.tenant !== null && scope.tenant === caller.tenant);
}

// Row -------------------------------------------------------------------------------------------------------------------

/** Whether the command is the caller's on the row: by himself, or by a share. */
export function allows(world: World, caller: Caller, command: Command, row: Row): boolean {
  if (mayByHimself(world, caller, command, row)) return true;
  if (caller.user === null || row.tenant !== caller.tenant || command === "share") return false;
  return row.shares.some((share) => isFor(world, caller, share) && opens(share, command));
}

/** Whether the command is his without a share: he owns the row, or holds the feature at its scope. */
export function mayByHimself(world: World, caller: Caller, command: Command, row: Row): boolean {
  if (caller.user === null || row.tenant !== caller.tenant) return false;
  return row.owner === caller.user || holdsAt(world, caller, `${row.resource}.${command}`, row.scope);
}

/** Whether the caller can do it: what he may not read does not exist for him. */
export function can(world: World, caller: Caller, command: Command, row: Row): boolean {
  return allows(world, caller, "read", row) && allows(world, caller, command, row);
}

/** Whether the caller may put a row of the resource at the scope: at his tenant's root, or where he holds the feature. */
export function mayCreateAt(world: World, caller: Caller, resource: Row["resource"], scope: Scope): boolean {
  if (caller.user === null || scope.tenant === null || scope.tenant !== caller.tenant) return false;
  return mayOwn(world, caller) && (scope.parent === null || holds(world, caller, `${resource}.create`, scope));
}

/** An owner is, or was, a member: who only reaches the tenant from above owns nothing in it. */
export function mayOwn(world: World, caller: Caller): boolean {
  return world.memberships.some((m) => m.user === caller.user && m.tenant === caller.tenant);
}

/** Whether the caller sees the share: it is meant for him, or he may share the row. */
export function seesShare(world: World, caller: Caller, row: Row, share: Share): boolean {
  return row.tenant === caller.tenant && (isFor(world, caller, share) || can(world, caller, "share", row));
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
  if (caller.user === null) return [];
  const own = groupsOf(world, caller);
  const all = holdsEverywhere(world, caller, "iam.groups.read");
  return world.groups.filter(
    (group) => group.tenant === caller.tenant && (all || group.owner === caller.user || own.includes(group)),
  );
}

/** Whether the caller sees the sale: he holds view_sales_page everywhere, or at its campus. */
export function seesSale(world: World, caller: Caller, sale: Sale): boolean {
  if (caller.user === null || sale.tenant !== caller.tenant) return false;
  if (holdsEverywhere(world, caller, "view_sales_page")) return true;
  return scopesWith(world, caller, "view_sales_page").some((s) => s.type === "campus" && s.key === sale.campus);
}

/** Whether the internal note of a todo is the caller's to read (and, of one he may edit, to write). */
export function mayAudit(world: World, caller: Caller, row: Row): boolean {
  return holdsAt(world, caller, `${row.resource}.audit`, row.scope);
}

function holdsAt(world: World, caller: Caller, feature: string, scope: string): boolean {
  const place = world.scopes.find((candidate) => candidate.id === scope);
  return place !== undefined && holds(world, caller, feature, place);
}

function isFor(world: World, caller: Caller, share: Share): boolean {
  const { to } = share;
  return "user" in to ? to.user === caller.user : groupsOf(world, caller).some((group) => group.id === to.group);
}

function opens(share: Share, command: "read" | "update" | "delete"): boolean {
  return { read: share.canRead, update: share.canWrite, delete: share.canDelete }[command];
}
