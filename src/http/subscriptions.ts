/** In charge of all subscriptions of a gateway: how many there may be, how many of them read at once, and how they all end. */
import { setImmediate as nextTick } from "node:timers/promises";
import type { Changes } from "../database/changes.js";
import { GatewayError } from "../errors.js";

/** The subscriptions of one gateway. */
export interface Subscriptions {
  readonly changes: Changes;
  /** How many there are at this moment. */
  readonly count: number;
  /**
   * Takes a place, which the answered function gives back. `end` is called when the gateway stops.
   * @throws GatewayError RATE_LIMITED when there is none left, for this subscriber or for anybody
   */
  enter(subscriber: string, end: (reason: GatewayError) => void): () => void;
  /**
   * Looks when it is one's turn. Who asks the same before it has begun is given the same answer: a hundred windows of one
   * user are one look. A question says who asks, and what; null is nobody else's.
   */
  lookInTurn<Answer>(question: string | null, look: Look<Answer>): Promise<Answer>;
  /** Ends all of them, and lets nobody in any more. */
  stop(): void;
}

/** Something to be looked at. */
export interface Look<Answer> {
  /** Told to everybody who is given the answer, at its beginning: what happens from here on needs another look. */
  readonly begins: () => void;
  /** Looks. `isAlone` says whether nobody else waits for the answer. */
  readonly answer: (isAlone: () => boolean) => Promise<Answer>;
}

interface Waiting {
  readonly begins: (() => void)[];
  readonly answer: Promise<unknown>;
}

/** The limits. */
export interface SubscriptionsOptions {
  readonly changes: Changes;
  readonly most: number;
  readonly mostPerSubscriber: number;
  /** How many may read at once. What wakes everybody must not take every connection. */
  readonly turns: number;
}

/** Makes it, empty. */
export function createSubscriptions(options: SubscriptionsOptions): Subscriptions {
  const { changes, most, mostPerSubscriber } = options;
  const ends = new Set<(reason: GatewayError) => void>();
  const perSubscriber = new Map<string, number>();
  const waiting: (() => void)[] = [];
  const asked = new Map<string, Waiting>();
  let freeTurns = options.turns;
  let isStopped = false;

  const leave = (subscriber: string): void => {
    const left = (perSubscriber.get(subscriber) ?? 1) - 1;
    if (left === 0) perSubscriber.delete(subscriber);
    else perSubscriber.set(subscriber, left);
  };
  const takeTurn = async (): Promise<void> => {
    if (freeTurns > 0) freeTurns -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
  };
  const endTurn = (): void => {
    const next = waiting.shift();
    if (next === undefined) freeTurns += 1;
    else next();
  };
  const lookInTurn = async <Answer>(question: string | null, { begins, answer }: Look<Answer>): Promise<Answer> => {
    const same = question === null ? undefined : asked.get(question);
    if (same !== undefined) {
      same.begins.push(begins);
      // The same question is asked by the same look.
      return (await same.answer) as Answer;
    }
    const everybody = [begins];
    const answered = takeTurn().then(async () => {
      // One notification wakes everybody in the same tick.
      await nextTick();
      if (question !== null) asked.delete(question);
      for (const begin of everybody) begin();
      return answer(() => everybody.length === 1).finally(endTurn);
    });
    if (question !== null) asked.set(question, { begins: everybody, answer: answered });
    return answered;
  };

  return {
    changes,
    get count() {
      return ends.size;
    },
    enter: (subscriber, end) => {
      if (isStopped) throw stopping();
      const taken = perSubscriber.get(subscriber) ?? 0;
      if (ends.size >= most || taken >= mostPerSubscriber)
        throw new GatewayError("RATE_LIMITED", "There are too many subscriptions.");
      perSubscriber.set(subscriber, taken + 1);
      const own = (reason: GatewayError): void => end(reason);
      ends.add(own);
      return () => {
        if (ends.delete(own)) leave(subscriber);
      };
    },
    lookInTurn,
    stop: () => {
      isStopped = true;
      for (const end of [...ends]) end(stopping());
    },
  };
}

function stopping(): GatewayError {
  return new GatewayError("UNAVAILABLE", "The gateway is stopping.");
}
