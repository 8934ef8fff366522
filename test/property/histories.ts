/**
 * In charge of random histories: callers of every standing try what the gateway and the functions of iam offer, one thing
 * after the other, and after each the world is read back and judged.
 */
import type pg from "pg";
import { labelOf } from "./compare.js";
import { eventsSince, lastEvent } from "./events.js";
import { judge } from "./judge-deed.js";
import { drawOperation } from "./operations/draw.js";
import type { Dice, Operation } from "./operations/operation.js";
import { type Caller, type Credential, open } from "./oracle.js";
import { withPeopleOfStanding } from "./people-of-standing.js";
import { createRandom } from "./random.js";
import { belongingsOf, type LiveWorld, readWorld } from "./read-world.js";
import { type StoredKey, type StoredWorld, storeWorld } from "./store-world.js";
import type { World } from "./world.js";

/** One history: from which world, by which way, and a number for each step that says what is tried. */
export interface History {
  readonly owner: pg.Pool;
  readonly way: Way;
  readonly world: World;
  readonly label: string;
  readonly steps: readonly number[];
  /** What is tried most of the time; by default all are alike. */
  readonly focus?: string | undefined;
}

/** How people try: by SQL or over GraphQL. */
export interface Way {
  /** Whether rows are tried as well, and several things in one transaction. */
  readonly isWhole: boolean;
  attempt(stored: StoredWorld, who: Credential, deed: Deed): Promise<Outcome>;
}

/** What is tried in one transaction. */
export interface Deed {
  readonly operations: readonly Operation[];
  /** Whether something behind it fails for everybody. */
  readonly isDoomed: boolean;
}

/** What became of it. */
export interface Outcome {
  /** How it was refused; null when it was done. */
  readonly refusal: string | null;
  /** Whether a rule refused it; what is left is a fault. */
  readonly isByRule: boolean;
  /** For each operation how often it was done: once, or by its items. */
  readonly done: readonly number[];
  /** The API keys whose secret was shown, by their ids. */
  readonly keys: ReadonlyMap<string, StoredKey>;
}

/** How a history went. */
export interface HistoryResult {
  readonly done: number;
  readonly denied: number;
  readonly faults: readonly string[];
  /** How often each thing succeeded. */
  readonly succeeded: ReadonlyMap<string, number>;
}

/** The numbers of a history's steps. */
export function stepsOf(seed: number, count: number): readonly number[] {
  const random = createRandom(seed);
  return Array.from({ length: count }, () => Math.floor(random() * 2 ** 32));
}

/** Lives through a history, up to the first fault. */
export async function liveThrough(history: History): Promise<HistoryResult> {
  const { owner, way } = history;
  const made = new Map<string, StoredKey>();
  const stored = withKeys(await storeWorld(owner, withPeopleOfStanding(history.world), history.label), made);
  const belongings = belongingsOf(stored, history.label);
  const faults: string[] = [];
  const past: string[] = [];
  const succeeded = new Map<string, number>();
  let [done, denied] = [0, 0];
  let before = await readWorld(owner, belongings);
  for (const [step, seed] of history.steps.entries()) {
    const dice = diceFrom(seed);
    const who = drawCaller({ stored, made: [...made.keys()] }, before, dice);
    const deed = who && drawDeed(before, who, { dice, history });
    if (!who || !deed) continue;
    const since = await lastEvent(owner);
    const outcome = await way.attempt(stored, who.credential, deed);
    const after = await readWorld(owner, belongings);
    const events = await eventsSince(owner, since);
    const found = judge({ before, after, deed, by: who.caller, outcome, events });
    const told = `step ${step}: ${who.name} ${tell(deed)}`;
    faults.push(...found.map((fault) => [...past, `${told}: ${fault}`].join("\n")));
    if (outcome.refusal === null) past.push(told);
    if (faults.length > 0) break;
    before = after;
    for (const [id, key] of outcome.keys) made.set(id, key);
    if (outcome.refusal === null) done += 1;
    else denied += 1;
    for (const [n, { name }] of deed.operations.entries())
      succeeded.set(name, (succeeded.get(name) ?? 0) + (outcome.done[n] ?? 0));
  }
  return { done, denied, faults, succeeded: new Map([...succeeded].filter(([, count]) => count > 0)) };
}

/** Knows the keys that were made on the way, by their ids. */
function withKeys(stored: StoredWorld, made: ReadonlyMap<string, StoredKey>): StoredWorld {
  const id = (name: string) => (made.has(name) ? name : stored.id(name));
  return { ...stored, id, keyOf: (name) => made.get(id(name)) ?? stored.keyOf(name) };
}

function tell({ operations, isDoomed }: Deed): string {
  const told = operations.map(({ name, args }) => `${name} ${JSON.stringify(args)}`);
  return [...told, ...(isDoomed ? ["what fails"] : [])].join(", then ");
}

function drawDeed(
  world: LiveWorld,
  { caller, isLetIn }: Drawn,
  { dice, history: { way, focus } }: { readonly dice: Dice; readonly history: History },
): Deed | null {
  const draw = (): Operation | null => {
    const drawn = drawOperation(world, caller, dice, { withRows: way.isWhole, focus });
    return drawn && { ...drawn, isEntitled: drawn.isEntitled && isLetIn };
  };
  const [first, second] = [draw(), way.isWhole && dice.below(5) === 0 ? draw() : null];
  if (first === null) return null;
  return { operations: [first, ...(second === null ? [] : [second])], isDoomed: way.isWhole && dice.below(10) === 0 };
}

interface Drawn {
  readonly name: string;
  readonly credential: Credential;
  readonly caller: Caller;
  /** Whether there is a session for him at this moment. */
  readonly isLetIn: boolean;
}

interface Cast {
  readonly stored: StoredWorld;
  readonly made: readonly string[];
}

function drawCaller(cast: Cast, now: LiveWorld, dice: Dice): Drawn | null {
  const { world } = cast.stored;
  // the clerk and the keeper of groups act more than others: almost nothing is theirs to hand out
  const one = world.grants.find((grant) => grant.id === (dice.below(2) === 0 ? "b1" : "b2"))?.to;
  const isOfStanding = one !== undefined && "user" in one && dice.below(2) === 0;
  const user = isOfStanding ? one.user : dice.pick(world.users)?.id;
  const tenant = isOfStanding ? "t0" : dice.pick(world.tenants)?.id;
  if (user === undefined || tenant === undefined) return null;
  const credential = { user, tenant, ...drawDelegate(cast, { now, user, tenant, dice }) };
  const shown = inIds(cast.stored, credential);
  const opened = open(now, shown);
  const isLetIn = typeof opened !== "number";
  // of those who aren't let in, one in four tries
  if (!isLetIn && dice.below(4) > 0) return null;
  const caller = isLetIn ? opened : { user: shown.user, tenant: shown.tenant };
  return { name: labelOf(credential), credential, caller, isLetIn };
}

// One in four shows a key of his, or acts as somebody.
function drawDelegate(
  { stored, made }: Cast,
  { now, user, tenant, dice }: { now: LiveWorld; user: string; tenant: string; dice: Dice },
): Partial<Credential> {
  const isHis = (name: string) =>
    now.apiKeys.some(
      (key) => key.id === stored.id(name) && key.owner === stored.id(user) && key.tenant === stored.id(tenant),
    );
  const key = dice.pick([...stored.world.apiKeys.map(({ id }) => id), ...made].filter(isHis));
  const other = dice.pick(stored.world.users);
  const way = dice.below(8);
  if (way === 0 && key !== undefined) return { apiKey: key };
  return way === 1 && other !== undefined ? { actAs: other.id } : {};
}

function inIds({ id }: StoredWorld, { user, tenant, apiKey, actAs }: Credential): Credential {
  return {
    user: user === null ? null : id(user),
    tenant: tenant === null ? null : id(tenant),
    ...(apiKey === undefined ? {} : { apiKey: id(apiKey) }),
    ...(actAs === undefined ? {} : { actAs: id(actAs) }),
  };
}

/** Dice that fall alike for the same number. */
export function diceFrom(seed: number): Dice {
  const random = createRandom(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  return { below, pick: (list) => list[below(list.length)] };
}
