/** In charge of trying what changes people: users, their identities, and who belongs to a tenant. */
import { holdsAll } from "../authority.js";
import type { Caller } from "../oracle.js";
import type { LiveWorld } from "../read-world.js";
import { holdsAllOfGroup } from "./on-groups.js";
import {
  atGlobal,
  atRoot,
  type Dice,
  type Draw,
  type Draws,
  drawUser,
  mayHandle,
  ref,
  serial,
  sometimes,
} from "./operation.js";

type Judge = (world: LiveWorld, caller: Caller, user: string) => boolean;

const isOver =
  (feature: string): Judge =>
  (world, caller, user) => {
    if (atGlobal(world, caller, feature)) return true;
    const homes = world.memberships.filter((m) => m.user === user && !m.isEnded).map((m) => m.tenant);
    const isAbove = world.grants.some(
      ({ to, scope, period: { until } }) =>
        "user" in to && to.user === user && scope === "global" && (until === null || until > 0),
    );
    const isOnlyHere = homes.length === 1 && homes[0] === caller.tenant;
    return isOnlyHere && !isAbove && atRoot(world, caller, feature);
  };

/** Whether it is the caller himself, and whoever acts as him and his key may. */
export const isHimself =
  (feature: string): Judge =>
  (world, caller, user) =>
    user === caller.user && mayHandle(world, caller, feature);

/** Whether the caller holds everything that the user holds, for as long. */
export const holdsAllOfUser: Judge = (world, caller, user) => {
  const own = world.grants.filter((grant) => "user" in grant.to && grant.to.user === user);
  const groups = world.groupMemberships.filter(
    (m) => m.user === user && (m.period.until === null || m.period.until > 0),
  );
  return (
    holdsAll(world, caller, own) &&
    groups.every((m) => m.period.until !== null || holdsAllOfGroup(world, caller, m.group))
  );
};

const atTheRoot =
  (feature: string): Judge =>
  (world, caller) =>
    atRoot(world, caller, feature);
const either =
  (one: Judge, other: Judge): Judge =>
  (...asked) =>
    one(...asked) || other(...asked);
const both =
  (one: Judge, other: Judge): Judge =>
  (...asked) =>
    one(...asked) && other(...asked);

const onUser =
  (judge: Judge, more: (dice: Dice) => Readonly<Record<string, unknown>> = () => ({})): Draw =>
  (world, caller, dice) => {
    const user = drawUser(world, caller, dice);
    if (user === undefined) return null;
    return { args: { user: ref("User", user), ...more(dice) }, isEntitled: judge(world, caller, user) };
  };

const onIdentity =
  (judge: Judge): Draw =>
  (world, caller, dice) => {
    const identity = dice.pick(world.identities);
    if (identity === undefined) return null;
    return { args: { identity: ref("Identity", identity.id) }, isEntitled: judge(world, caller, identity.user) };
  };

// A new address, or that of somebody who is there already: in this tenant, or in another one.
const drawNewUser: Draw = (world, caller, dice) => ({
  args: {
    email: (dice.below(3) === 0 && world.keys[ref("User", dice.pick(world.users)?.id)]) || `${serial()}@proof.test`,
    name: sometimes(dice, "New"),
    is_service: sometimes(dice, dice.below(2) === 0),
    may_log_in: sometimes(dice, dice.below(2) === 0),
  },
  isEntitled: atRoot(world, caller, "iam.users.create"),
});

const updates = "iam.users.update";

/** What changes people. */
export const onPeople: Draws = {
  update_user: onUser(either(isHimself(updates), isOver(updates)), () => ({ name: `Name ${serial()}` })),
  disable_user: onUser(isOver(updates)),
  enable_user: onUser(isOver(updates)),
  lock_user: onUser(isOver(updates)),
  unlock_user: onUser(isOver(updates)),
  assign_tenant_owner: onUser(atTheRoot("*")),
  remove_tenant_member: onUser(either(isHimself("iam.users.delete"), atTheRoot("iam.users.delete"))),
  add_tenant_member: onUser(atTheRoot("iam.users.create")),
  create_user: drawNewUser,
  link_identity: onUser(both(isOver("iam.identities.create"), holdsAllOfUser), () => ({
    provider: "proof_on",
    subject: `linked-${serial()}`,
  })),
  disable_identity: onIdentity(isOver("iam.identities.update")),
  enable_identity: onIdentity(both(isOver("iam.identities.update"), holdsAllOfUser)),
  unlink_identity: onIdentity(either(isHimself("iam.identities.delete"), isOver("iam.identities.delete"))),
};

/** What ends somebody for good. */
export const onPeoplesEnd: Draws = { delete_user: onUser(isOver("iam.users.delete")) };
