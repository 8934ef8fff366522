/** In charge of trying what changes API keys. */
import type { Caller } from "../oracle.js";
import type { LiveWorld } from "../read-world.js";
import { holdsAllOfUser, isHimself } from "./on-people.js";
import {
  atRoot,
  type Dice,
  type Draw,
  type Draws,
  drawUser,
  inSeconds,
  mayHandle,
  mostly,
  placeOf,
  ref,
  scopesIn,
  sometimes,
} from "./operation.js";

/** A hash, or what passes for one. */
export const newSecret = (dice: Dice): string => Array.from({ length: 64 }, () => dice.below(16).toString(16)).join("");

const someFeatures = (dice: Dice) => ({ features: [dice.pick(["todos.read", "chats", "iam.groups"])] });
const somePlace = (world: LiveWorld, caller: Caller, dice: Dice) => {
  const scope = dice.below(3) === 0 ? dice.pick(scopesIn(world, caller)) : undefined;
  return { scope: scope && placeOf(scope) };
};

// Over his own by himself, over another's with the feature; and whoever learns another's secret holds all that he holds.
const onKey =
  (
    feature: string,
    more: (world: LiveWorld, caller: Caller, dice: Dice) => Readonly<Record<string, unknown>>,
    { showsSecret = false } = {},
  ): Draw =>
  (world, caller, dice) => {
    const key = mostly(dice, world.apiKeys, ({ tenant }) => tenant === caller.tenant);
    if (key === undefined) return null;
    const isHis = isHimself(feature)(world, caller, key.owner) || atRoot(world, caller, feature);
    const learns = showsSecret && key.owner !== caller.user;
    return {
      args: { key: ref("ApiKey", key.id), ...more(world, caller, dice) },
      isEntitled: key.tenant === caller.tenant && isHis && (!learns || holdsAllOfUser(world, caller, key.owner)),
    };
  };

const drawNewKey: Draw = (world, caller, dice) => {
  const other = dice.below(2) === 0 ? drawUser(world, caller, dice) : undefined;
  const isForOther = other !== undefined && other !== caller.user;
  return {
    args: {
      name: "Key",
      public_id: newSecret(dice).slice(0, 16),
      secret_hash: newSecret(dice),
      ...someFeatures(dice),
      ...somePlace(world, caller, dice),
      user: other && ref("User", other),
      expires_at: sometimes(dice, inSeconds(5_000)),
    },
    isEntitled: isForOther
      ? atRoot(world, caller, "iam.api_keys.create") && holdsAllOfUser(world, caller, other)
      : mayHandle(world, caller, "iam.api_keys.create"),
  };
};

const featuresSomewhere = (world: LiveWorld, caller: Caller, dice: Dice) => ({
  ...someFeatures(dice),
  ...somePlace(world, caller, dice),
});

/** What changes API keys. */
export const onKeys: Draws = {
  create_api_key: drawNewKey,
  update_api_key: onKey("iam.api_keys.update", (_w, _c, dice) => ({
    name: "Renamed",
    expires_at: sometimes(dice, inSeconds(dice.below(10_000))),
  })),
  rotate_api_key: onKey(
    "iam.api_keys.update",
    (_w, _c, dice) => ({ secret_hash: newSecret(dice), overlap_seconds: sometimes(dice, 600) }),
    { showsSecret: true },
  ),
  revoke_api_key: onKey("iam.api_keys.delete", () => ({})),
  grant_to_api_key: onKey("iam.api_keys.update", featuresSomewhere),
  revoke_from_api_key: onKey("iam.api_keys.update", featuresSomewhere),
};
