/** In charge of how a field of Subscription follows something: what wakes it, and how it looks for news. */
import type { Session } from "../database/session.js";

/** What a look has found. */
export interface News<Event, Mark> {
  /** What the field tells; null when there is nothing new. */
  readonly event: Event | null;
  /** What is handed to the next look. */
  readonly mark: Mark;
  /** In how many milliseconds to look again although nothing has changed; null for no such moment; 0 when there is more. */
  readonly againInMillis: number | null;
}

/** What is followed. */
export interface Followed<Event, Mark> {
  readonly of: "authority" | "audit";
  /** Looks as the subscriber, in a session of its own. `last` is null the first time. */
  readonly look: (session: Session, last: Mark | null) => Promise<News<Event, Mark>>;
}

/** Gives an event for each look that found something. The field's resolver answers in the session of that look. */
export type Follow = <Event, Mark>(followed: Followed<Event, Mark>) => AsyncIterable<Event>;

/** What stands in the context of queries and mutations. */
export const followNothing: Follow = () => {
  throw new TypeError("Only a field of Subscription follows something.");
};
