/** In charge of which try comes next, and of naming things otherwise than by their own ids. */
import { randomUUID } from "node:crypto";
import type { Caller } from "../oracle.js";
import type { LiveWorld } from "../read-world.js";
import { onGrants } from "./on-grants.js";
import { onGroups } from "./on-groups.js";
import { onKeys } from "./on-keys.js";
import { onPeople, onPeoplesEnd } from "./on-people.js";
import { onRows } from "./on-rows.js";
import { onFeatures, onRoles, onScopes } from "./on-scopes-and-roles.js";
import { onProviders, onTenants, onTenantsLife } from "./on-tenants.js";
import { onTokens } from "./on-tokens.js";
import type { Dice, Drawn, Draws, Operation } from "./operation.js";

const roles = { ...onRoles, ...onFeatures };
const people = { ...onPeople, ...onTenants, ...onProviders };
/** Rare, because they end much. */
const endings = { ...onPeoplesEnd, ...onTenantsLife };
const families: readonly Draws[] = [
  onGrants,
  onGrants,
  onGrants,
  onGroups,
  onGroups,
  onScopes,
  roles,
  people,
  onPeople,
  onKeys,
  onTokens,
];

/** Every function of iam that is tried. */
export const functions: Draws = {
  ...onGrants,
  ...onGroups,
  ...onScopes,
  ...roles,
  ...people,
  ...onKeys,
  ...onTokens,
  ...endings,
};
/** Everything that is tried over GraphQL. */
export const mutations: Draws = { ...functions, ...onRows };

/** What is drawn from. */
export interface Choice {
  /** Whether rows are tried as well. */
  readonly withRows: boolean;
  /** What is tried most of the time; by default all are alike. */
  readonly focus?: string | undefined;
}

/** Draws something to try; null when there is nothing to try it with. */
export function drawOperation(world: LiveWorld, caller: Caller, dice: Dice, choice: Choice): Operation | null {
  const name = drawName(dice, choice);
  return name === undefined ? null : drawNamed(name, { world, caller, dice });
}

/** Draws a try of one kind. */
export function drawNamed(
  name: string,
  { world, caller, dice }: { readonly world: LiveWorld; readonly caller: Caller; readonly dice: Dice },
): Operation | null {
  const drawn = mutations[name]?.(world, caller, dice) ?? null;
  return drawn && { name, ...(dice.below(5) === 0 ? disguise(drawn, { world, caller, dice }) : drawn) };
}

function drawName(dice: Dice, { withRows, focus }: Choice): string | undefined {
  if (focus !== undefined && focus in mutations && dice.below(10) < 6) return focus;
  const family = dice.below(40) === 0 ? endings : dice.pick(withRows ? [...families, onRows] : families);
  return dice.pick(Object.keys(family ?? {}));
}

const reference = /^([A-Z]\w*):/;

/** Names one thing by its natural key, as nothing that is there, or as what it can't be. */
function disguise(drawn: Drawn, { world, caller, dice }: { world: LiveWorld; caller: Caller; dice: Dice }): Drawn {
  const [name, value] = dice.pick(Object.entries(drawn.args).filter(isReference)) ?? [];
  if (name === undefined || value === undefined) return drawn;
  const disguised = (as: string) => ({ ...drawn.args, [name]: as });
  if (dice.below(2) === 0) {
    const isForeign = world.scopes.some(({ id, tenant }) => value === `Scope:${id}` && tenant !== caller.tenant);
    // every tenant may have a campus/k0
    const key = isForeign ? undefined : world.keys[value];
    return key === undefined ? drawn : { ...drawn, args: disguised(key) };
  }
  const type = reference.exec(value)?.[1] ?? "";
  const nothing = [`${type}:${randomUUID()}`, `Sale:${randomUUID()}`, `${type}:x`, ""];
  return { ...drawn, args: disguised(dice.pick(nothing) ?? ""), isEntitled: false };
}

function isReference(argument: readonly [string, unknown]): argument is [string, string] {
  return typeof argument[1] === "string" && reference.test(argument[1]);
}
