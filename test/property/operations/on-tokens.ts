/** In charge of trying one-time tokens: who invites, whom they are bound to, and whether their maker's right is still there. */
import { holdsAll } from "../authority.js";
import { type Caller, holds, mayActIn } from "../oracle.js";
import type { LiveToken, LiveWorld } from "../read-world.js";
import { newSecret } from "./on-keys.js";
import {
  atRoot,
  type Dice,
  type Draw,
  type Draws,
  inSeconds,
  isAssignable,
  mayHandle,
  placeOf,
  ref,
  rolesIn,
  rootOf,
  scopesIn,
  serial,
  sometimes,
  someUser,
} from "./operation.js";

const drawNewToken: Draw = (world, caller, dice) => {
  const role = dice.below(2) === 0 ? dice.pick(rolesIn(world, caller))?.id : undefined;
  const scope = sometimes(dice, dice.pick(scopesIn(world, caller)));
  const place = scope ?? rootOf(world, caller);
  const mayGive = role === undefined || (holds(world, caller, "iam.grants.create", place) && isAssignable(world, role));
  return {
    args: {
      secret_hash: newSecret(dice),
      ...boundTo(world, caller, dice),
      purpose: dice.pick([undefined, "invitation", "verification"]),
      ...(role === undefined ? {} : { role: ref("Role", role), scope: scope && placeOf(scope) }),
      expires_at: sometimes(dice, inSeconds(5_000)),
    },
    isEntitled: atRoot(world, caller, "iam.users.create") && mayGive,
  };
};

function boundTo(world: LiveWorld, caller: Caller, dice: Dice) {
  const user = someUser(world, caller, dice);
  return dice.pick([{ user }, { email: world.keys[user] }, { email: `${serial()}@proof.test` }]) ?? { user };
}

/** Whether who made the token may do now what its use does. */
function stillHandsOut(world: LiveWorld, { tenant, maker, role, scope }: LiveToken): boolean {
  const hand = { user: maker, tenant };
  const place = world.scopes.find((candidate) => candidate.id === scope);
  const isThere = world.users.some(({ id, isActive, isLocked }) => id === maker && isActive && !isLocked);
  if (!isThere || !mayActIn(world, maker, tenant) || !atRoot(world, hand, "iam.users.create")) return false;
  if (role === null || place === undefined) return role === null;
  const grant = {
    id: "given",
    to: { user: maker },
    gives: { role },
    scope: place.id,
    effect: "allow" as const,
    period: { from: null, until: null },
  };
  return holds(world, hand, "iam.grants.create", place) && holdsAll(world, hand, [grant]);
}

const isBoundTo = (world: LiveWorld, token: LiveToken, { user }: Caller) =>
  user !== null && (token.user === user || token.email === world.keys[ref("User", user)]);

// Mostly one that is for the caller, where there is one.
const drawUse: Draw = (world, caller, dice) => {
  const own = world.tokens.filter((token) => isBoundTo(world, token, caller));
  const token = dice.pick(own.length > 0 && dice.below(4) > 0 ? own : world.tokens);
  if (token === undefined) return null;
  const isBySelf = caller.actor === undefined && caller.apiKey === undefined;
  const isUsable = !token.isSpent && isBoundTo(world, token, caller) && stillHandsOut(world, token);
  return {
    args: { secret_hash: token.secretHash },
    isEntitled: isBySelf && isUsable,
    hand: { user: token.maker, tenant: token.tenant },
  };
};

const drawRevocation: Draw = (world, caller, dice) => {
  const token = dice.pick(world.tokens);
  if (token === undefined) return null;
  const isOwn = token.maker === caller.user && mayHandle(world, caller, "iam.users.create");
  return {
    args: { token: ref("Token", token.id) },
    isEntitled: token.tenant === caller.tenant && (isOwn || atRoot(world, caller, "iam.users.create")),
  };
};

/** What makes, uses and ends one-time tokens. */
export const onTokens: Draws = {
  create_token: drawNewToken,
  validate_token: drawUse,
  use_token: drawUse,
  revoke_token: drawRevocation,
};
