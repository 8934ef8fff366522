/** In charge of trying to hand out and to take back. */
import { type Caller, holds } from "../oracle.js";
import type { LiveWorld } from "../read-world.js";
import { globalScope, type Scope } from "../world.js";
import {
  type Dice,
  type Draw,
  type Draws,
  drawPeriod,
  groupsIn,
  isAssignable,
  mostly,
  placeOf,
  ref,
  rolesIn,
  scopesIn,
  someUser,
} from "./operation.js";

const somewhere = (world: LiveWorld, caller: Caller, dice: Dice): Scope =>
  dice.below(6) === 0 ? globalScope : (dice.pick(scopesIn(world, caller)) ?? globalScope);

function someGrantee(world: LiveWorld, caller: Caller, dice: Dice) {
  const group = dice.below(3) === 0 ? dice.pick(groupsIn(world, caller))?.id : undefined;
  return group === undefined ? { user: someUser(world, caller, dice) } : { group: ref("Group", group) };
}

/** A role to somebody, somewhere. */
const drawRole =
  (to: (world: LiveWorld, caller: Caller, dice: Dice) => Readonly<Record<string, unknown>>): Draw =>
  (world, caller, dice) => {
    const scope = somewhere(world, caller, dice);
    const role = dice.pick(rolesIn(world, caller))?.id;
    return {
      args: { role: ref("Role", role), scope: placeOf(scope), ...to(world, caller, dice), ...drawPeriod(dice) },
      isEntitled: holds(world, caller, "iam.grants.create", scope) && isAssignable(world, role),
    };
  };

const drawFeature: Draw = (world, caller, dice) => {
  const scope = somewhere(world, caller, dice);
  const feature = dice.pick(dice.below(2) === 0 ? ["todos.read", "chats.read"] : world.features);
  const effect = dice.below(3) === 0 ? "deny" : "allow";
  const to = someGrantee(world, caller, dice);
  return {
    args: { feature, scope: placeOf(scope), ...to, effect, ...drawPeriod(dice) },
    isEntitled: holds(world, caller, "iam.grants.create", scope) && isAssignable(world, feature),
  };
};

const drawRevocation: Draw = (world, caller, dice) => {
  const isOwn = (scope: string) => scopesIn(world, caller).some(({ id }) => id === scope);
  const grant = mostly(dice, world.grants, (one) => isOwn(one.scope));
  const scope = [globalScope, ...scopesIn(world, caller)].find((candidate) => candidate.id === grant?.scope);
  return {
    args: { grant: ref("Grant", grant?.id) },
    isEntitled: scope !== undefined && holds(world, caller, "iam.grants.delete", scope),
  };
};

/** What changes grants. */
export const onGrants: Draws = {
  grant_role: drawRole(someGrantee),
  grant_role_to_many: drawRole((world, caller, dice) => ({
    users: [...new Set([someUser(world, caller, dice), someUser(world, caller, dice)])],
  })),
  grant_feature: drawFeature,
  revoke: drawRevocation,
};
