/** In charge of trying what changes scopes, roles and features. */
import { type Caller, holds } from "../oracle.js";
import type { LiveWorld } from "../read-world.js";
import { globalScope, type Scope } from "../world.js";
import {
  atGlobal,
  atRoot,
  type Dice,
  type Draw,
  type Draws,
  mostly,
  placeOf,
  ref,
  rolesIn,
  scopesIn,
  serial,
  sometimes,
} from "./operation.js";

const above = (world: LiveWorld, scope: Scope) =>
  world.scopes.find((candidate) => candidate.id === scope.parent) ?? globalScope;

const onScope =
  (
    judge: (world: LiveWorld, caller: Caller, scope: Scope, other: Scope) => boolean,
    args: (scope: Scope, other: Scope, dice: Dice) => Readonly<Record<string, unknown>>,
  ): Draw =>
  (world, caller, dice) => {
    const scope = mostly(dice, world.scopes, ({ tenant }) => tenant === caller.tenant);
    const other = dice.pick(scopesIn(world, caller));
    if (scope === undefined || other === undefined) return null;
    return {
      args: args(scope, other, dice),
      isEntitled: scope.tenant === caller.tenant && judge(world, caller, scope, other),
    };
  };

/** What changes scopes. */
export const onScopes: Draws = {
  create_scope: onScope(
    (w, c, scope) => holds(w, c, "iam.scopes.create", scope),
    (scope, _other, dice) => ({
      parent: placeOf(scope),
      type: "store",
      key: serial(),
      name: sometimes(dice, "A store"),
    }),
  ),
  update_scope: onScope(
    (w, c, scope) => holds(w, c, "iam.scopes.update", scope),
    (scope) => ({ scope: placeOf(scope), name: `Place ${serial()}` }),
  ),
  move_scope: onScope(
    (w, c, scope, to) => holds(w, c, "iam.scopes.update", above(w, scope)) && holds(w, c, "iam.scopes.update", to),
    (scope, to) => ({ scope: placeOf(scope), parent: placeOf(to) }),
  ),
  delete_scope: onScope(
    (w, c, scope) => holds(w, c, "iam.scopes.delete", above(w, scope)),
    (scope) => ({ scope: placeOf(scope) }),
  ),
};

const onRole =
  (feature: string, more: (world: LiveWorld, caller: Caller, dice: Dice) => Readonly<Record<string, unknown>>): Draw =>
  (world, caller, dice) => {
    const role = mostly(dice, world.roles, ({ tenant }) => tenant === caller.tenant);
    if (role === undefined) return null;
    const isOwn = role.tenant !== null && role.tenant === caller.tenant;
    return {
      args: { role: ref("Role", role.id), ...more(world, caller, dice) },
      isEntitled: isOwn && atRoot(world, caller, feature),
    };
  };

const someFeatures = (world: LiveWorld, _caller: Caller, dice: Dice) => ({ features: [dice.pick(world.features)] });
const someRole = (world: LiveWorld, caller: Caller, dice: Dice) => ({
  included: ref("Role", dice.pick(rolesIn(world, caller))?.id),
});

/** What changes roles. */
export const onRoles: Draws = {
  create_role: (world, caller, dice) => ({
    args: { code: `r${serial()}`, name: "New", description: sometimes(dice, "A role") },
    isEntitled: atRoot(world, caller, "iam.roles.create"),
  }),
  update_role: onRole("iam.roles.update", (_w, _c, dice) => ({
    name: `Role ${serial()}`,
    description: sometimes(dice, "Another role"),
  })),
  delete_role: onRole("iam.roles.delete", () => ({})),
  add_role_features: onRole("iam.roles.update", someFeatures),
  remove_role_features: onRole("iam.roles.update", someFeatures),
  include_role: onRole("iam.roles.update", someRole),
  exclude_role: onRole("iam.roles.update", someRole),
  set_role_assignable: onRole("iam.roles.update", (_w, _c, dice) => ({ is_assignable: dice.below(4) > 0 })),
};

const menu = (world: LiveWorld, dice: Dice) => ({
  description: sometimes(dice, `A feature ${serial()}`),
  route: sometimes(dice, `/${serial()}`),
  route_parent: dice.below(4) === 0 ? dice.pick(world.features) : undefined,
  sort_order: sometimes(dice, dice.below(100)),
});

/** What changes features, which all tenants share. */
export const onFeatures: Draws = {
  create_feature: (world, caller, dice) => ({
    args: { code: `${dice.pick(["", "todos.", "chats."])}new${serial()}`, ...menu(world, dice) },
    isEntitled: atGlobal(world, caller, "iam.features.create"),
  }),
  update_feature: (world, caller, dice) => ({
    args: { feature: dice.pick(world.features), ...menu(world, dice) },
    isEntitled: atGlobal(world, caller, "iam.features.update"),
  }),
  set_feature_assignable: (world, caller, dice) => ({
    args: { feature: dice.pick(world.features), is_assignable: true },
    isEntitled: atGlobal(world, caller, "iam.features.update"),
  }),
};
