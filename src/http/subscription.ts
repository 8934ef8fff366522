/** In charge of one subscription: it looks when it is woken, each time in a session of its own, and ends when its credential does. */
import { createSourceEventStream, type ExecutionArgs, type ExecutionResult, execute } from "graphql";
import { CredentialError } from "../auth/credential-error.js";
import type { Context } from "../builder/context.js";
import type { Followed, News } from "../builder/follow.js";
import { boundDenials } from "../builder/unauthorized.js";
import type { Caller } from "../caller.js";
import type { Identity, OpenedSession } from "../database/session.js";
import { factsOf } from "../database/settings.js";
import { asGatewayError, type ErrorCode, type GatewayError } from "../errors.js";
import { endable, type Results } from "./endable-results.js";
import { refused } from "./refused.js";
import { Rest } from "./rest.js";
import type { Subscriptions } from "./subscriptions.js";

/** What a subscription is made of. */
export interface SubscriptionOptions {
  readonly args: ExecutionArgs;
  readonly caller: Caller;
  readonly subscriptions: Subscriptions;
  /** Who it counts for, where there is a limit for each. */
  readonly subscriber: string;
  /** What he asks, word by word. */
  readonly question: string;
  /** Looks at his credential anew. */
  readonly authenticate: () => Promise<Caller>;
  /** Opens a session for who has shown it. Nothing is sent before its first statement. */
  readonly openSession: (caller: Caller) => OpenedSession;
  readonly context: Omit<Context, "session" | "follow">;
  /** Aborted when the subscriber hangs up. */
  readonly hangUp: AbortSignal;
}

const longestTimerMillis = 2 ** 31 - 1;
const passing: ReadonlySet<unknown> = new Set<ErrorCode>(["UNAVAILABLE", "TIMEOUT"]);

function isPassing(result: ExecutionResult | null): boolean {
  return result?.errors?.some(({ extensions }) => passing.has(extensions["code"])) ?? false;
}

/**
 * Begins a subscription. Answers one result when it can't begin. Its last result says why it has ended: errors without
 * data. No connection is held between two events, and nothing is read for a subscriber who hasn't taken the last one yet:
 * he is told the state that there is when he comes back.
 * @throws GatewayError RATE_LIMITED
 */
export async function beginSubscription(options: SubscriptionOptions): Promise<ExecutionResult | Results> {
  const subscription = new Subscription(options);
  try {
    return await subscription.begin();
  } catch (error) {
    subscription.end(null);
    throw error;
  }
}

interface Looking<Mark> {
  readonly caller: Caller;
  readonly mark: Mark | null;
  /** Whether nobody else waits for what is found. */
  readonly isAlone: () => boolean;
}

/** What a look has found, and what is answered to it. */
interface Found<Event, Mark> {
  readonly news: News<Event, Mark>;
  readonly identity: Identity | null;
  /** Null when there is nothing new. */
  readonly result: ExecutionResult | null;
}

class Subscription {
  readonly #options: SubscriptionOptions;
  readonly #ending = new AbortController();
  readonly #rest = new Rest(this.#ending.signal);
  readonly #leave: () => void;
  readonly #hasLooked: Promise<void>;
  #noteLook: () => void = () => undefined;
  #isPlaced = false;
  #reason: GatewayError | null = null;
  #hangUpLook: () => void = () => undefined;
  #identity: Identity | null = null;
  #result: ExecutionResult | null = null;
  #isAnswered = false;
  #stopWatching: () => void = () => undefined;
  #expiry: NodeJS.Timeout | undefined;

  constructor(options: SubscriptionOptions) {
    this.#options = options;
    this.#hasLooked = new Promise((resolve) => {
      this.#noteLook = resolve;
    });
    this.#leave = options.subscriptions.enter(options.subscriber, (reason) => this.end(reason));
    options.hangUp.addEventListener("abort", this.#onHangUp, { once: true });
    this.#endWithToken(options.caller);
  }

  async begin(): Promise<ExecutionResult | Results> {
    const { args, caller, context, openSession } = this.#options;
    const session = openSession(caller);
    const contextValue: Context = { ...context, session, follow: (followed) => this.#events(followed) };
    const source = await createSourceEventStream({ ...args, contextValue }).finally(() => session.rollback());
    if (!(Symbol.asyncIterator in source)) {
      this.end(null);
      return source;
    }
    const results = this.#results(source);
    const first = results.next();
    // Before the subscriber hears that he is subscribed: from here on he misses nothing.
    await Promise.race([first, this.#hasLooked]);
    if (!this.#isPlaced) return (await first).value ?? {};
    return endable(results, { first, end: this.#onHangUp });
  }

  /** Ends it; the last result tells the reason, if there is one. */
  end(reason: GatewayError | null): void {
    if (this.#ending.signal.aborted) return;
    this.#reason = reason;
    this.#ending.abort();
    this.#options.hangUp.removeEventListener("abort", this.#onHangUp);
    clearTimeout(this.#expiry);
    this.#stopWatching();
    this.#leave();
  }

  readonly #onHangUp = (): void => {
    this.end(null);
    this.#hangUpLook();
  };

  #endWithToken(caller: Caller): void {
    if (caller.kind !== "token") return;
    const millis = caller.expiresAt * 1000 - Date.now();
    // Later than a timer can be set for: then the next look after it finds the token expired.
    if (millis > longestTimerMillis) return;
    this.#expiry = setTimeout(() => this.end(new CredentialError("TOKEN_EXPIRED")), Math.max(millis, 0)).unref();
  }

  async *#results(source: AsyncIterable<unknown>): AsyncGenerator<ExecutionResult, undefined> {
    try {
      for await (const _event of source) {
        const result = this.#result;
        if (result === null || this.#isOver) continue;
        this.#isAnswered = true;
        yield result;
      }
    } catch (error) {
      this.#reason ??= asGatewayError(error);
    }
    const reason = this.#reason;
    this.end(reason);
    if (reason !== null) yield refused(reason);
  }

  async *#events<Event, Mark>(followed: Followed<Event, Mark>): AsyncGenerator<Event, undefined> {
    const { of } = followed;
    const watcher = { of, concerns: (id: string) => this.#isOf(id), wake: () => this.#rest.wake() };
    // Before the first look, so that nothing happens between the two.
    if (!this.#isOver) this.#stopWatching = this.#options.subscriptions.changes.watch(watcher);
    let mark: Mark | null = null;
    for (let failures = 0; !this.#isOver; ) {
      const news: News<Event, Mark> | null = await this.#look(followed, mark);
      this.#isAnswered = news?.event === null;
      if (news !== null && news.event !== null) yield news.event;
      if (news !== null && this.#isAnswered) {
        mark = news.mark;
        failures = 0;
        if (news.againInMillis !== 0) await this.#rest.untilWoken(news.againInMillis);
      } else await this.#rest.afterFailure(failures++);
    }
  }

  /** Null when it should be tried again: the database was not to be had. */
  async #look<Event, Mark>({ of, look }: Followed<Event, Mark>, mark: Mark | null): Promise<News<Event, Mark> | null> {
    const { question, subscriptions, authenticate } = this.#options;
    try {
      const caller = await authenticate();
      // What somebody is shown of the audit is written down for himself.
      const shared = of === "authority" ? JSON.stringify([factsOf(caller), question, mark]) : null;
      const found = await subscriptions.lookInTurn<Found<Event, Mark>>(shared, {
        begins: () => this.#rest.beginLook(),
        answer: (isAlone) => this.#find(look, { caller, mark, isAlone }),
      });
      this.#identity = found.identity;
      this.#result = found.result;
      this.#isPlaced = true;
      this.#noteLook();
      return isPassing(found.result) ? null : found.news;
    } catch (error) {
      const refusal = asGatewayError(error);
      if (this.#isPlaced && passing.has(refusal.code)) return null;
      throw refusal;
    }
  }

  async #find<Event, Mark>(
    look: Followed<Event, Mark>["look"],
    { caller, mark, isAlone }: Looking<Mark>,
  ): Promise<Found<Event, Mark>> {
    const session = this.#options.openSession(caller);
    // Whom others wait for, hangs up alone.
    this.#hangUpLook = () => void (isAlone() && session.rollback());
    try {
      const news = await look(session, mark);
      const result = news.event === null ? null : await this.#answer(news.event, session);
      const identity = session.openedFor;
      await (this.#isOver && isAlone() ? session.rollback() : session.commit());
      return { news, identity, result };
    } catch (error) {
      const refusal = session.refusal ?? error;
      await session.rollback();
      throw refusal;
    } finally {
      this.#hangUpLook = () => undefined;
    }
  }

  async #answer(event: unknown, session: OpenedSession): Promise<ExecutionResult> {
    const { args, context } = this.#options;
    const contextValue: Context = { ...context, session, follow: (followed) => this.#events(followed) };
    return boundDenials(await execute({ ...args, rootValue: event, contextValue }));
  }

  get #isOver(): boolean {
    return this.#ending.signal.aborted;
  }

  #isOf(id: string): boolean {
    const { userId, tenantId, actorId } = this.#identity ?? {};
    return this.#identity === null || id === userId || id === tenantId || id === actorId;
  }
}
