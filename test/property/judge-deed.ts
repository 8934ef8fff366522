/**
 * In charge of judging what somebody did: nobody gained what the hand that gave it didn't hold, nobody did what he wasn't
 * entitled to, what was refused left nothing behind, and the trail tells what happened in the order in which it did.
 */
import { gainedBeyond } from "./authority.js";
import type { Event } from "./events.js";
import type { Deed, Outcome } from "./histories.js";
import { codesOf } from "./operations/events-of.js";
import type { Caller } from "./oracle.js";
import type { LiveWorld } from "./read-world.js";

/** A deed, and the world on both sides of it. */
export interface Judged {
  readonly before: LiveWorld;
  readonly after: LiveWorld;
  readonly deed: Deed;
  readonly by: Caller;
  readonly outcome: Outcome;
  readonly events: readonly Event[];
}

/** What is wrong. Empty is right. */
export function judge(judged: Judged): readonly string[] {
  const { outcome } = judged;
  const isDone = outcome.refusal === null && outcome.done.some((times) => times > 0);
  return isDone ? judgeSuccess(judged) : judgeRefusal(judged);
}

function judgeSuccess({ before, after, deed, by, outcome, events }: Judged): readonly string[] {
  const { operations, isDoomed } = deed;
  const first = outcome.done[0] === 0 ? undefined : operations[0];
  const hands = [by, ...operations.flatMap(({ hand }) => (hand === undefined ? [] : [hand]))];
  const gained = hands
    .map((hand) => gainedBeyond(hand, before, after))
    .reduce((some, others) => some.filter((item) => others.includes(item)));
  return [
    ...(isDoomed ? ["what fails didn't fail"] : []),
    // what comes second may rest on what came first
    ...(first?.isEntitled === false ? ["who wasn't entitled did it"] : []),
    ...(gained.length === 0 ? [] : [`gained without an entitled hand: ${gained.slice(0, 5).join("; ")}`]),
    ...(isTold(deed, { outcome, events, by }) ? [] : [`the trail tells ${JSON.stringify(events)}`]),
  ];
}

/** Whether the events are those of the operations, each as often as it was done, in their order, all by the caller. */
function isTold({ operations }: Deed, { outcome, events, by }: Pick<Judged, "outcome" | "events" | "by">): boolean {
  const expected = operations.flatMap(({ name }, n) =>
    codesOf(name).length === 0 ? [] : Array.from({ length: outcome.done[n] ?? 0 }, () => codesOf(name)),
  );
  const isKeysEnd = operations.some(({ name }) => name === "revoke_api_key");
  // what ends a membership ends its keys as well, each with an event of its own
  const own = events.filter(({ code }) => code !== endOfKey || isKeysEnd);
  return (
    own.length === expected.length &&
    own.every(({ code }, n) => expected[n]?.includes(code)) &&
    events.every((event) => event.outcome === "success" && isBy(by, event))
  );
}

const endOfKey = 50503;

const isBy = ({ user, actor }: Caller, event: Event) => event.user === user && event.actor === (actor ?? user);

function judgeRefusal({ before, after, by, outcome, events }: Judged): readonly string[] {
  const { refusal, isByRule } = outcome;
  const isAttempt = (event: Event) =>
    event.outcome !== "success" && (event.user === null || isBy(by, event)) && events.length === 1;
  return [
    ...(isByRule ? [] : [`failed with ${refusal}`]),
    ...(timeless(before) === timeless(after) ? [] : [`was refused (${refusal}) and changed something`]),
    ...(events.every(isAttempt) ? [] : [`was refused (${refusal}), and the trail tells ${JSON.stringify(events)}`]),
  ];
}

const isMoment = (key: string) => ["from", "until", "expires"].includes(key);

// Periods are told in seconds from now, which passes between two readings.
function timeless(world: LiveWorld): string {
  return JSON.stringify(world, (key, value: unknown) => (isMoment(key) ? value !== null : value));
}
