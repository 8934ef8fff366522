/** In charge of trying what changes tenants, and the providers that all of them share. */
import { type Caller, isMember } from "../oracle.js";
import type { LiveWorld } from "../read-world.js";
import { atGlobal, atRoot, type Draw, type Draws, mostly, ref, serial, sometimes, someUser } from "./operation.js";

const onTenant =
  (feature: string, more: () => Readonly<Record<string, unknown>> = () => ({})): Draw =>
  (world, caller, dice) => {
    const tenant = mostly(dice, world.tenants, ({ id }) => id === caller.tenant);
    if (tenant === undefined) return null;
    const isOwn = tenant.id === caller.tenant;
    return {
      args: { tenant: ref("Tenant", tenant.id), ...more() },
      isEntitled: isOwn ? atRoot(world, caller, feature) : atGlobal(world, caller, feature),
    };
  };

// Only the user himself chooses, and only among his own.
const drawChoice: Draw = (world, caller, dice) => {
  const tenant = dice.pick(world.tenants)?.id ?? "";
  const isBySelf = caller.actor === undefined && caller.apiKey === undefined;
  return {
    args: { slug: world.keys[ref("Tenant", tenant)] ?? "nowhere" },
    isEntitled: isBySelf && isMember(world, caller.user ?? "", tenant),
  };
};

/** What changes tenants. */
export const onTenants: Draws = {
  update_tenant: onTenant("iam.tenants.update", () => ({ name: `Tenant ${serial()}` })),
  select_tenant: drawChoice,
};

/** What begins or ends a tenant. */
export const onTenantsLife: Draws = {
  create_tenant: (world, caller, dice) => ({
    args: { slug: `t${serial()}`, name: "New", owner: sometimes(dice, someUser(world, caller, dice)) },
    isEntitled: atGlobal(world, caller, "*"),
  }),
  delete_tenant: onTenant("iam.tenants.delete"),
};

const isAboveAll = (world: LiveWorld, caller: Caller) => atGlobal(world, caller, "*");

// The one that everybody in these worlds logs in by stays as it is, but for its name.
const onProvider =
  (feature: string): Draw =>
  (world, caller, dice) => ({
    args: { provider: dice.pick(world.providers) ?? "none" },
    isEntitled: atGlobal(world, caller, feature),
  });

/** What changes providers. */
export const onProviders: Draws = {
  create_provider: (world, caller, dice) => ({
    args: {
      code: `made${serial()}`,
      name: "New",
      issuer: `https://${serial()}.test`,
      audience: ["a"],
      algorithms: ["ES256"],
      ...(dice.below(2) === 0 ? { jwks_uri: "https://keys.test" } : { jwks: { keys: [] } }),
      preset: sometimes(dice, "keycloak"),
      provisions: sometimes(dice, dice.below(2) === 0),
      claims: sometimes(dice, {}),
      audience_claim: sometimes(dice, "aud"),
      token_types: sometimes(dice, ["JWT"]),
      clock_tolerance_seconds: sometimes(dice, 10),
    },
    isEntitled: isAboveAll(world, caller),
  }),
  update_provider: (world, caller, dice) => ({
    args: {
      provider: dice.pick(world.providers) ?? "none",
      name: `Renamed ${serial()}`,
      audience: sometimes(dice, ["b"]),
      algorithms: sometimes(dice, ["ES256", "RS256"]),
      ...(dice.below(2) === 0
        ? { jwks_uri: sometimes(dice, "https://keys.test") }
        : { jwks: sometimes(dice, { keys: [] }) }),
      preset: sometimes(dice, "auth0"),
      provisions: sometimes(dice, dice.below(2) === 0),
      claims: sometimes(dice, {}),
      audience_claim: sometimes(dice, "azp"),
      token_types: sometimes(dice, ["JWT"]),
      clock_tolerance_seconds: sometimes(dice, 20),
    },
    isEntitled: isAboveAll(world, caller),
  }),
  enable_provider: onProvider("*"),
  disable_provider: onProvider("iam.providers.update"),
  delete_provider: onProvider("iam.providers.delete"),
};
