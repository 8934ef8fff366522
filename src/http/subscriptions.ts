/** In charge of all subscriptions of a gateway: how many there may be, how many of them read at once, and how they all end. */
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
  /** Waits for one's turn to read; the answered function ends it. */
  takeTurn(): Promise<() => void>;
  /** Ends all of them, and lets nobody in any more. */
  stop(): void;
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
  let freeTurns = options.turns;
  let isStopped = false;

  const leave = (subscriber: string): void => {
    const left = (perSubscriber.get(subscriber) ?? 1) - 1;
    if (left === 0) perSubscriber.delete(subscriber);
    else perSubscriber.set(subscriber, left);
  };
  const endTurn = (): void => {
    const next = waiting.shift();
    if (next === undefined) freeTurns += 1;
    else next();
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
    takeTurn: async () => {
      if (freeTurns > 0) freeTurns -= 1;
      else await new Promise<void>((resolve) => waiting.push(resolve));
      return once(endTurn);
    },
    stop: () => {
      isStopped = true;
      for (const end of [...ends]) end(stopping());
    },
  };
}

function stopping(): GatewayError {
  return new GatewayError("UNAVAILABLE", "The gateway is stopping.");
}

function once(work: () => void): () => void {
  let isDone = false;
  return () => {
    if (!isDone) work();
    isDone = true;
  };
}
