/** In charge of trying what changes groups: their life, who is in them, and what providers map to them. */
import { holdsAll } from "../authority.js";
import { type Caller, groupsOf, holdsEverywhere, isMember } from "../oracle.js";
import type { LiveWorld, ManagedGroup } from "../read-world.js";
import {
  atRoot,
  type Dice,
  type Draw,
  type Draws,
  drawPeriod,
  groupsIn,
  isAssignable,
  mayHandle,
  mostly,
  ref,
  serial,
  sometimes,
  someUser,
} from "./operation.js";

type Judge = (world: LiveWorld, caller: Caller, group: ManagedGroup) => boolean;
type Arguments = (world: LiveWorld, caller: Caller, dice: Dice) => Readonly<Record<string, unknown>>;

const manages: Judge = (world, caller, group) => {
  if (group.isLocked || group.isSystem || group.tenant !== caller.tenant) return false;
  const isIn = groupsOf(world, caller).some((candidate) => candidate.id === group.id);
  const isHis =
    holdsEverywhere(world, { user: caller.user, tenant: caller.tenant }, "iam.groups.update") ||
    owns(world, caller, group) ||
    (group.membersManageEachOther && isIn);
  return isHis && mayHandle(world, caller, "iam.groups.update");
};
const owns: Judge = (_world, caller, group) => group.owner === caller.user;
const updatesAll: Judge = (world, caller) => atRoot(world, caller, "iam.groups.update");
const enrols: Judge = (world, caller, group) =>
  manages(world, caller, group) && group.isActive && isAssignable(world, group.id);

const groupsAbove = (world: LiveWorld, id: string): readonly string[] => [
  id,
  ...world.groupIncludes.filter((link) => link.included === id).flatMap((link) => groupsAbove(world, link.group)),
];

/** Whether the caller holds everything that the group gives its members. */
export function holdsAllOfGroup(world: LiveWorld, caller: Caller, group: string): boolean {
  const above = groupsAbove(world, group);
  return holdsAll(
    world,
    caller,
    world.grants.filter((grant) => "group" in grant.to && above.includes(grant.to.group)),
  );
}

const onGroup =
  (judge: Judge, more: Arguments = () => ({})): Draw =>
  (world, caller, dice) => {
    const group = mostly(dice, world.groups, ({ tenant }) => tenant === caller.tenant);
    if (group === undefined) return null;
    return {
      args: { group: ref("Group", group.id), ...more(world, caller, dice) },
      isEntitled: group.tenant === caller.tenant && judge(world, caller, group),
    };
  };

const drawRemoval: Draw = (world, caller, dice) => {
  const membership = dice.pick(world.groupMemberships);
  const group = world.groups.find((candidate) => candidate.id === membership?.group);
  if (membership === undefined || group === undefined) return null;
  const isOwn =
    membership.user === caller.user && group.tenant === caller.tenant && mayHandle(world, caller, "iam.groups.update");
  return {
    args: { group: ref("Group", group.id), user: ref("User", membership.user) },
    isEntitled: isOwn || manages(world, caller, group),
  };
};

const drawMappingsEnd: Draw = (world, caller, dice) => {
  const mapping = dice.pick(world.mappings);
  const group = world.groups.find((candidate) => candidate.id === mapping?.group);
  if (mapping === undefined || group === undefined) return null;
  return {
    args: { mapping: ref("GroupMapping", mapping.id) },
    isEntitled: manages(world, caller, group) && updatesAll(world, caller, group),
  };
};

const someGroup: Arguments = (world, caller, dice) => ({
  included: ref("Group", dice.pick(groupsIn(world, caller))?.id),
});
const outside: Arguments = (_world, _caller, dice) => ({
  provider: "proof_on",
  ...(dice.below(2) === 0 ? { external_id: `external ${serial()}` } : { external_role: `role ${serial()}` }),
});

/** What changes groups. */
export const onGroups: Draws = {
  create_group: (world, caller) => ({
    args: { name: `group ${serial()}` },
    isEntitled:
      (isMember(world, caller.user ?? "", caller.tenant ?? "") && mayHandle(world, caller, "iam.groups.create")) ||
      atRoot(world, caller, "iam.groups.create"),
  }),
  update_group: onGroup(manages, (_world, _caller, dice) => ({
    members_manage_each_other: dice.below(2) === 0,
    members_see_each_other: sometimes(dice, dice.below(2) === 0),
    name: sometimes(dice, `group ${serial()}`),
  })),
  delete_group: onGroup(
    (w, c, g) =>
      manages(w, c, g) &&
      ((owns(w, c, g) && mayHandle(w, c, "iam.groups.delete")) || atRoot(w, c, "iam.groups.delete")),
  ),
  add_group_member: onGroup(enrols, (world, caller, dice) => ({
    user: someUser(world, caller, dice),
    ...drawPeriod(dice),
  })),
  add_group_members: onGroup(enrols, (world, caller, dice) => ({
    users: [...new Set([someUser(world, caller, dice), someUser(world, caller, dice)])],
    ...drawPeriod(dice),
  })),
  remove_group_member: drawRemoval,
  enable_group: onGroup(updatesAll),
  disable_group: onGroup(updatesAll),
  lock_group: onGroup(updatesAll),
  unlock_group: onGroup(updatesAll),
  set_group_type: onGroup(manages, (_w, _c, dice) => ({ type: dice.pick(["internal", "hybrid", "external"]) })),
  set_group_assignable: onGroup(manages, (_w, _c, dice) => ({ is_assignable: dice.below(4) > 0 })),
  assign_group_owner: onGroup(
    (w, c, g) => manages(w, c, g) && (owns(w, c, g) || updatesAll(w, c, g)) && holdsAllOfGroup(w, c, g.id),
    (world, caller, dice) => ({ user: someUser(world, caller, dice) }),
  ),
  include_group: onGroup(manages, someGroup),
  exclude_group: onGroup(manages, someGroup),
  create_group_mapping: onGroup(
    (w, c, g) => manages(w, c, g) && updatesAll(w, c, g) && holdsAllOfGroup(w, c, g.id),
    outside,
  ),
  delete_group_mapping: drawMappingsEnd,
};
