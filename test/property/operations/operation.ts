/**
 * In charge of what a try is: a deed with arguments, and whether who tries it is entitled to it, said as plainly as the
 * function's own comment. What entitles is necessary, not sufficient: a conflict may still refuse.
 */
import { type Caller, delegatesHold, holds, isMember } from "../oracle.js";
import type { LiveWorld } from "../read-world.js";
import { globalScope, type Scope } from "../world.js";

/** One try. */
export interface Operation extends Drawn {
  /** The function of iam; of rows, the mutation, spelt alike (`create_todo`). */
  readonly name: string;
}

/** The arguments by the function's names, and whether the try may succeed. */
export interface Drawn {
  readonly args: Readonly<Record<string, unknown>>;
  readonly isEntitled: boolean;
  /** Who hands out, when that isn't the caller: a token's maker. */
  readonly hand?: Caller;
}

/** What chooses the arguments. */
export interface Dice {
  below(limit: number): number;
  pick<T>(list: readonly T[]): T | undefined;
}

/** Draws a try for somebody; null when there is nothing to try it with. */
export type Draw = (world: LiveWorld, caller: Caller, dice: Dice) => Drawn | null;

/** Tries by the names of what they do. */
export type Draws = Readonly<Record<string, Draw>>;

/** The root of the caller's tenant. */
export const rootOf = (world: LiveWorld, caller: Caller): Scope =>
  world.scopes.find((scope) => scope.tenant === caller.tenant && scope.parent === null) ?? globalScope;

/** Whether the caller holds the feature at his tenant's root. */
export const atRoot = (world: LiveWorld, caller: Caller, feature: string): boolean =>
  holds(world, caller, feature, rootOf(world, caller));

/** Whether the caller holds the feature at the global scope. */
export const atGlobal = (world: LiveWorld, caller: Caller, feature: string): boolean =>
  holds(world, caller, feature, globalScope);

/** What one may without a feature takes it of whoever acts as him, and of his key. */
export const mayHandle = (world: LiveWorld, caller: Caller, feature: string): boolean =>
  delegatesHold(world, caller, feature, rootOf(world, caller));

/** The scopes of the caller's tenant. */
export const scopesIn = (world: LiveWorld, caller: Caller) =>
  world.scopes.filter((scope) => scope.tenant === caller.tenant);

/** The groups of the caller's tenant. */
export const groupsIn = (world: LiveWorld, caller: Caller) =>
  world.groups.filter((group) => group.tenant === caller.tenant);

/** The roles that the caller's tenant knows. */
export const rolesIn = (world: LiveWorld, caller: Caller) =>
  world.roles.filter((role) => role.tenant === null || role.tenant === caller.tenant);

/** Whether a role or a group (by id) or a feature (by code) can be handed out still. */
export const isAssignable = (world: LiveWorld, name: string | undefined): boolean =>
  name !== undefined && !world.unassignable.includes(name);

/** A global id. */
export const ref = (type: string, id: string | undefined): string => `${type}:${id ?? ""}`;

/** How a scope is named in an argument. */
export const placeOf = (scope: Scope): string => (scope.id === globalScope.id ? "global/all" : ref("Scope", scope.id));

/** Mostly one of the caller's own tenant, and now and then any. */
export function mostly<T>(dice: Dice, all: readonly T[], isOwn: (one: T) => boolean): T | undefined {
  const own = dice.below(4) > 0 ? all.filter(isOwn) : [];
  return dice.pick(own.length > 0 ? own : all);
}

/** Somebody, mostly of the tenant. */
export function drawUser(world: LiveWorld, caller: Caller, dice: Dice): string | undefined {
  return mostly(dice, world.users, ({ id }) => isMember(world, id, caller.tenant ?? ""))?.id;
}

/** The same, as he is named in an argument. */
export const someUser = (world: LiveWorld, caller: Caller, dice: Dice): string =>
  ref("User", drawUser(world, caller, dice));

/** Half of the time this, half of the time nothing: an argument that may be left out. */
export function sometimes<T>(dice: Dice, value: T): T | undefined {
  return dice.below(2) === 0 ? value : undefined;
}

/** A moment so many seconds from now. */
export const inSeconds = (seconds: number): string => new Date(Date.now() + seconds * 1_000).toISOString();

/** From when and until when something is to hold, mostly without bounds. */
export function drawPeriod(dice: Dice): Readonly<Record<string, unknown>> {
  return {
    valid_from: dice.below(4) === 0 ? inSeconds(900) : undefined,
    valid_until: dice.pick([undefined, undefined, inSeconds(1_800), inSeconds(7_000)]),
  };
}

let made = 0;

/** A name that nothing has yet. */
export function serial(): string {
  made += 1;
  return `${process.pid}n${made}`;
}
