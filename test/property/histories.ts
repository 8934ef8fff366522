/**
 * In charge of random histories: callers of every standing try the functions of iam, one after the other, and after each
 * the world is read back and judged: nobody gained what the hand that gave it didn't hold, nobody did what he wasn't
 * entitled to, what was refused left nothing behind, and the trail tells what happened in the order in which it did.
 */
import type pg from "pg";
import type { Sessions } from "../../src/database/session.js";
import { callerOf, inSession } from "./ask-database.js";
import { gainedBeyond } from "./authority.js";
import { labelOf } from "./compare.js";
import { type Dice, drawOperation, type Operation } from "./operations.js";
import { type Caller, type Credential, open } from "./oracle.js";
import { createRandom } from "./random.js";
import { type LiveWorld, readWorld } from "./read-world.js";
import { type StoredWorld, storeWorld } from "./store-world.js";
import type { Grant, Period, World } from "./world.js";

/** One history: from which world, with which numbers, how many tries. */
export interface History {
  readonly owner: pg.Pool;
  readonly sessions: Sessions;
  readonly world: World;
  readonly label: string;
  readonly seed: number;
  readonly steps: number;
  /** The function that is tried most of the time; by default all are alike. */
  readonly focus?: string | undefined;
}

/** What came of it. */
export interface HistoryResult {
  readonly done: number;
  readonly denied: number;
  readonly faults: readonly string[];
  /** How often each function succeeded. */
  readonly succeeded: ReadonlyMap<string, number>;
}

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

/** Lives through a history. */
export async function liveThrough(history: History): Promise<HistoryResult> {
  const { owner, sessions } = history;
  const stored = await storeWorld(owner, withPeopleOfStanding(history.world), history.label);
  const dice = diceFrom(history.seed);
  const scope = { slugs: `${history.label}-%`, users: stored.world.users.map((user) => stored.id(user.id)) };
  const read = () => readWorld(owner, scope);
  const faults: string[] = [];
  const succeeded = new Map<string, number>();
  let [done, denied] = [0, 0];
  let before = await read();
  for (let step = 0; step < history.steps && faults.length === 0; step += 1) {
    const who = drawCaller(stored, before, dice);
    const operation = who && drawOperation(before, who.caller, dice, history.focus);
    if (!who || !operation) continue;
    const since = await lastEvent(owner);
    const refusal = await attempt(sessions, stored, { who, operation });
    const after = await read();
    const events = await eventsSince(owner, since);
    const label = `step ${step}: ${who.name} ${operation.name} ${JSON.stringify(operation.parameters)}`;
    const judged =
      refusal === null
        ? judgeSuccess({ before, after, operation, by: who.caller, events })
        : judgeRefusal({ before, after, refusal, events });
    faults.push(...judged.map((fault) => `${label}: ${fault}`));
    if (refusal === null) succeeded.set(operation.name, (succeeded.get(operation.name) ?? 0) + 1);
    if (refusal === null) done += 1;
    else denied += 1;
    before = after;
  }
  return { done, denied, faults, succeeded };
}

interface Drawn {
  readonly name: string;
  readonly credential: Credential;
  readonly caller: Caller;
}

function drawCaller(stored: StoredWorld, now: LiveWorld, dice: Dice): Drawn | null {
  // the clerk and the keeper of groups act more than others: almost nothing is theirs to hand out
  const one = stored.world.grants.find((grant) => grant.id === (dice.below(2) === 0 ? "b1" : "b2"))?.to;
  const isOfStanding = one !== undefined && "user" in one && dice.below(2) === 0;
  const name = isOfStanding ? one.user : dice.pick(stored.world.users)?.id;
  const tenant = isOfStanding ? "t0" : dice.pick(stored.world.tenants)?.id;
  if (name === undefined || tenant === undefined) return null;
  const credential = { user: name, tenant, ...drawDelegate(stored, { user: name, tenant }, dice) };
  const caller = open(now, inIds(stored, credential));
  return typeof caller === "number" ? null : { name: labelOf(credential), credential, caller };
}

// One in four shows a key of his, or acts as somebody.
function drawDelegate(
  { world }: StoredWorld,
  { user, tenant }: { readonly user: string; readonly tenant: string },
  dice: Dice,
): Partial<Credential> {
  const key = dice.pick(world.apiKeys.filter((candidate) => candidate.owner === user && candidate.tenant === tenant));
  const other = dice.pick(world.users);
  const way = dice.below(8);
  if (way === 0 && key !== undefined) return { apiKey: key.id };
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

async function attempt(
  sessions: Sessions,
  stored: StoredWorld,
  { who, operation }: { readonly who: Drawn; readonly operation: Operation },
): Promise<string | null> {
  const caller = callerOf(stored, who.credential);
  const answer = await inSession(sessions, caller, async (session) => {
    await session.run({ sql: operation.sql, parameters: operation.parameters });
    await session.commit();
    return null;
  }).catch((error: unknown) => (error instanceof Error ? describe(error) : String(error)));
  return answer === null ? null : String(answer);
}

function describe(error: Error): string {
  const cause = error.cause as { readonly code?: string; readonly message?: string } | undefined;
  return `${cause?.code ?? ""} ${cause?.message ?? error.message}`;
}

interface Judged {
  readonly before: LiveWorld;
  readonly after: LiveWorld;
  readonly events: readonly Event[];
}

function judgeSuccess({
  before,
  after,
  operation,
  by,
  events,
}: Judged & { readonly operation: Operation; readonly by: Caller }): readonly string[] {
  const gained = gainedBeyond(by, before, after);
  // what ends a membership ends its keys as well, each with an event of its own
  const own = events.filter(({ code }) => code !== endOfKey || operation.name === "revoke_api_key");
  const isTold =
    own.length === 1 && events.every(({ user, actor }) => user === by.user && actor === (by.actor ?? by.user));
  return [
    ...(operation.isEntitled ? [] : ["who wasn't entitled did it"]),
    ...(gained.length === 0 ? [] : [`gained without an entitled hand: ${gained.slice(0, 5).join("; ")}`]),
    ...(isTold ? [] : [`the trail tells ${JSON.stringify(events)}`]),
  ];
}

function judgeRefusal({ before, after, refusal, events }: Judged & { readonly refusal: string }): readonly string[] {
  // any number means that a rule refused; what is left is a fault of the function
  const isRule = /^(52\d{3}|PT4\d\d|23\d{3}|42501|40P01|40001)/.test(refusal) || /^\d+$/.test(refusal);
  return [
    ...(isRule ? [] : [`failed with ${refusal}`]),
    ...(timeless(before) === timeless(after) ? [] : ["was refused and changed something"]),
    ...(events.length === 0 ? [] : [`was refused, and the trail tells ${JSON.stringify(events)}`]),
  ];
}

const isMoment = (key: string) => ["from", "until", "expires"].includes(key);

// Periods are told in seconds from now, which passes between two readings.
function timeless(world: LiveWorld): string {
  return JSON.stringify(world, (key, value: unknown) => (isMoment(key) ? value !== null : value));
}

const endOfKey = 50503;

interface Event {
  readonly id: number;
  readonly code: number;
  readonly user: string | null;
  readonly actor: string | null;
}

async function lastEvent(owner: pg.Pool): Promise<number> {
  const { rows } = await owner.query<{ id: number }>(
    "select coalesce(max(number), 0)::int as id from iam.audit_events",
  );
  return rows[0]?.id ?? 0;
}

async function eventsSince(owner: pg.Pool, since: number): Promise<readonly Event[]> {
  const { rows } = await owner.query<Event>(
    "select number::int as id, code, user_id as user, actor_id as actor from iam.audit_events where number > $1 order by number",
    [since],
  );
  return rows;
}

function diceFrom(seed: number): Dice {
  const random = createRandom(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  return { below, pick: (list) => list[below(list.length)] };
}
