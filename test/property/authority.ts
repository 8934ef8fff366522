/** In charge of everything that people hold in a world, now and later, and of what somebody gained between two worlds. */
import { type Caller, delegatesHold, givenBy, groupsOf, holds, isAtOrAbove, isLive, mayActIn } from "./oracle.js";
import { type Grant, globalScope, type Period, type World } from "./world.js";

/** Moments that are looked at, in seconds from now: what is handed out must be held for as long. */
export const moments = [0, 5_400, 1e9] as const;

/** Everything held, as `moment user tenant feature scope`. */
export type Authority = ReadonlySet<string>;

const known = new WeakMap<World, Authority>();

/** What everybody holds everywhere, at every moment. Slow, plain, and told once for each world. */
export function authorityIn(world: World): Authority {
  const found = known.get(world) ?? derive(world);
  known.set(world, found);
  return found;
}

function derive(world: World): Authority {
  return new Set(
    moments.flatMap((moment) => {
      const later = worldAt(world, moment);
      return world.users.flatMap((user) =>
        callersOf(later, user.id).flatMap((caller) => heldBy(later, caller, moment)),
      );
    }),
  );
}

function callersOf(world: World, user: string): readonly Caller[] {
  const person = world.users.find((candidate) => candidate.id === user);
  if (!person?.isActive || person.isLocked || !person.isIdentityEnabled) return [];
  return world.tenants
    .filter((tenant) => mayActIn(world, user, tenant.id))
    .map((tenant) => ({ user, tenant: tenant.id }));
}

function heldBy(whole: World, caller: Caller, moment: number): readonly string[] {
  const scopes = [globalScope, ...whole.scopes.filter((scope) => scope.tenant === caller.tenant)];
  const groups = groupsOf(whole, caller).map((group) => group.id);
  const grants = whole.grants.filter((grant) =>
    "user" in grant.to ? grant.to.user === caller.user : groups.includes(grant.to.group),
  );
  if (grants.length === 0) return [];
  // what others hold doesn't matter here
  const world = { ...whole, grants, groupMemberships: whole.groupMemberships.filter((m) => m.user === caller.user) };
  return world.features.flatMap((feature) =>
    scopes
      .filter((scope) => holds(world, caller, feature, scope))
      .map((scope) => [moment, caller.user, caller.tenant, feature, scope.id].join(" ")),
  );
}

/** The world as it will be, if nothing but time goes on. */
export function worldAt(world: World, moment: number): World {
  const shift = <T extends { readonly period: Period }>(item: T): T => ({
    ...item,
    period: later(item.period, moment),
  });
  return { ...world, grants: world.grants.map(shift), groupMemberships: world.groupMemberships.map(shift) };
}

function later({ from, until }: Period, moment: number): Period {
  return { from: from === null ? null : from - moment, until: until === null ? null : until - moment };
}

/**
 * What was gained without the hand that gave it holding it itself, at that moment, before; and whoever acted as it, and its
 * key. Empty is right.
 */
export function gainedBeyond(by: Caller, before: World, after: World): readonly string[] {
  const people = [by.user, by.actor].filter((name) => typeof name === "string");
  const had = authorityIn(before);
  const has = authorityIn(after);
  const old = { scopes: ["global", ...before.scopes.map((s) => s.id)], features: before.features };
  return [...has].filter((item) => {
    const [moment, , tenant, feature, scope] = item.split(" ");
    // what is new stands below what was there, and is held by whoever holds that
    if (had.has(item) || !old.scopes.includes(scope ?? "") || !old.features.includes(feature ?? "")) return false;
    const place = [globalScope, ...before.scopes].find((candidate) => candidate.id === scope);
    const isKeys =
      by.apiKey === undefined ||
      (place !== undefined &&
        delegatesHold(before, { user: by.user, tenant: by.tenant, apiKey: by.apiKey }, feature ?? "", place));
    return !isKeys || !people.every((person) => had.has([moment, person, tenant, feature, scope].join(" ")));
  });
}

/** Whether, at every moment, the one holds everything that these grants give or will give. */
export function holdsAll(world: World, caller: Caller, grants: readonly Grant[]): boolean {
  const giving = grants.filter((grant) => grant.effect === "allow");
  return moments.every((moment) => {
    const then = worldAt(world, moment);
    return giving.every((grant) => {
      if (!isLive(later(grant.period, moment))) return true;
      const scope = [globalScope, ...world.scopes].find((candidate) => candidate.id === grant.scope);
      const codes = world.features.filter((code) => givenBy(then, grant).some((given) => isAtOrAbove(given, code)));
      return (
        scope !== undefined &&
        codes.every((code) => holds(then, { ...caller, tenant: scope.tenant ?? caller.tenant }, code, scope))
      );
    });
  });
}
