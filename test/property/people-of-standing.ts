/** In charge of people who may hand something out, put into a world: in most random ones nobody could. */
import type { Grant, Period, World } from "./world.js";

const always: Period = { from: null, until: null };
const pending: Period = { from: 3_600, until: null };

/** The world with people of standing: an owner, one who holds iam alone, one for groups and grants below, one above all. */
export function withPeopleOfStanding(world: World): World {
  const homes = world.memberships.filter((m) => !m.isEnded && m.tenant === "t0").map((m) => m.user);
  const [owner, clerk, groupKeeper, stranger] = [homes[0], homes[1], homes[2], world.users.at(-1)?.id];
  const grant = (id: string, user: string | undefined, gives: Grant["gives"], scope = "t0root"): readonly Grant[] =>
    user === undefined ? [] : [{ id, to: { user }, gives, scope, effect: "allow", period: always }];
  const toGroup = (id: string, group: string, feature: string, period: Period): Grant => ({
    id,
    to: { group },
    gives: { feature },
    scope: "t0root",
    effect: "allow",
    period,
  });
  const below = world.scopes.find((scope) => scope.tenant === "t0" && scope.parent !== null)?.id ?? "t0root";
  const standing = [
    ...grant("b0", owner, { role: "tenant_owner" }),
    ...grant("b1", clerk, { feature: "iam" }),
    ...grant("b2", groupKeeper, { feature: "iam.groups" }),
    ...grant("b3", groupKeeper, { feature: "iam.grants" }, below),
    ...grant("b4", groupKeeper, { feature: "todos" }, below),
    // what he holds where a deny touches it is not his to give
    ...grant("b10", groupKeeper, { feature: "chats" }, below),
    ...grant("b11", groupKeeper, { feature: "chats.read" }, below).map((one) => ({ ...one, effect: "deny" as const })),
    ...grant("b9", homes[3], { feature: "iam.groups.read" }),
    ...(world.users.length > 3 ? grant("b5", stranger, { role: "platform_admin" }, "global") : []),
  ];
  // the clerk will hold more, each in another way, and doesn't yet: nor may he hand it out
  const awaited =
    clerk === undefined
      ? []
      : [
          ...grant("b6", clerk, { feature: "todos" }).map((one) => ({ ...one, period: pending })),
          toGroup("b7", "gA", "chats", always),
          toGroup("b8", "gB", "todos", pending),
        ];
  const group = { tenant: "t0", owner: owner ?? null, isActive: true, membersSeeEachOther: true };
  const groups =
    clerk === undefined
      ? []
      : [
          { ...group, id: "gA", membersManageEachOther: true },
          { ...group, id: "gB" },
        ];
  const waiting =
    clerk === undefined
      ? []
      : [
          { group: "gA", user: clerk, period: pending },
          { group: "gB", user: clerk, period: always },
        ];
  const users = world.users.map((user) => ({
    ...user,
    isActive: true,
    isLocked: false,
    mayLogIn: true,
    isIdentityEnabled: true,
    isProviderEnabled: true,
  }));
  const features = [...new Set([...world.features, "iam.grants", "iam.grants.create"])];
  const key = { tenant: "t0", isRevoked: false, expires: null };
  const keys =
    owner === undefined
      ? []
      : [
          { ...key, id: "keyA", owner, gives: [{ feature: "iam", scope: "t0root" }] },
          { ...key, id: "keyB", owner, gives: [{ feature: "*", scope: below }] },
        ];
  return {
    ...world,
    users,
    features,
    groups: [...world.groups, ...groups],
    groupMemberships: [...world.groupMemberships, ...waiting],
    grants: [...world.grants, ...standing, ...awaited],
    apiKeys: [...world.apiKeys, ...keys],
  };
}
