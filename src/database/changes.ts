/** In charge of who is woken when something changes: by notifications where they are to be had, else by looking twice a second. */
import { type Listening, startListening } from "./listen.js";
import type { Pool } from "./pool.js";

/** Somebody who follows something. */
export interface Watcher {
  /** `authority`: who may do what. `audit`: what was written down. */
  readonly of: "authority" | "audit";
  /** Whether a change of this user or tenant may be his. */
  concerns(id: string): boolean;
  /** Called when there may be something new; sometimes there is not. */
  wake(): void;
}

/** What happens in the database, for who wants to know it at once. */
export interface Changes {
  /** Wakes a watcher until the answered function is called. Nothing is asked of the database while nobody watches; listening goes on for a moment. */
  watch(watcher: Watcher): () => void;
  /** How it hears of changes at this moment. */
  readonly means: "none" | "notifications" | "polling";
  stop(): Promise<void>;
}

/** What it rests on. */
export interface ChangesOptions {
  readonly pool: Pick<Pool, "query">;
  /** The direct address to LISTEN at; null: polling only. */
  readonly listenUrl: string | null;
  /** Told when notifications begin, and with an error when they end. */
  readonly onListening: (error?: unknown) => void;
  readonly pollMillis?: number;
  /** How long it goes on when nobody watches any more. Default 10 s. */
  readonly lingerMillis?: number;
}

/** The channel that `iam.tell_of_change()` notifies. */
export const authorityChannel = "portcullis_authority";

const defaultPollMillis = 500;
const defaultLingerMillis = 10_000;

/** Makes it; nothing runs before the first watcher, or long after the last. */
export function createChanges(options: ChangesOptions): Changes {
  return new DatabaseChanges(options);
}

class DatabaseChanges implements Changes {
  readonly #options: ChangesOptions;
  readonly #pulse: Pulse;
  readonly #watchers = new Set<Watcher>();
  #listening: Listening | null = null;
  #poll: NodeJS.Timeout | null = null;
  #linger: NodeJS.Timeout | undefined;
  #isPolling = false;
  /** Settles when everything that was begun has ended. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: ChangesOptions) {
    this.#options = options;
    this.#pulse = new Pulse(options.pool);
  }

  get means(): Changes["means"] {
    if (this.#poll === null) return "none";
    return this.#listening?.isUp === true ? "notifications" : "polling";
  }

  watch(watcher: Watcher): () => void {
    clearTimeout(this.#linger);
    this.#watchers.add(watcher);
    if (this.#poll === null) this.#begin();
    return () => {
      if (this.#watchers.delete(watcher) && this.#watchers.size === 0) this.#endSoon();
    };
  }

  async stop(): Promise<void> {
    this.#watchers.clear();
    this.#end();
    await this.#last;
  }

  #begin(): void {
    const { listenUrl, pollMillis = defaultPollMillis } = this.#options;
    if (listenUrl !== null) this.#listening = this.#listen(listenUrl);
    this.#poll = setInterval(() => {
      if (this.#isPolling) return;
      this.#isPolling = true;
      const done = (): void => {
        this.#isPolling = false;
      };
      // While the database is away there is nothing to be seen; who asks for data says so.
      this.#last = this.#look().then(done, done);
    }, pollMillis).unref();
  }

  #listen(url: string): Listening {
    const { pool, onListening } = this.#options;
    return startListening({
      url,
      channel: authorityChannel,
      notify: (payload) => pool.query({ sql: "select pg_notify($1, $2)", parameters: [authorityChannel, payload] }),
      onNotification: (id) => this.#wake("authority", id),
      onUp: () => {
        onListening();
        this.#wake("authority");
      },
      onDown: onListening,
    });
  }

  // Somebody who comes back at once, as a page that is loaded anew does, costs no new connection.
  #endSoon(): void {
    const { lingerMillis = defaultLingerMillis } = this.#options;
    this.#linger = setTimeout(() => this.#end(), lingerMillis).unref();
  }

  #end(): void {
    clearTimeout(this.#linger);
    if (this.#poll !== null) clearInterval(this.#poll);
    this.#last = Promise.all([this.#last, this.#listening?.stop()]);
    this.#listening = null;
    this.#poll = null;
    this.#pulse.forget();
  }

  async #look(): Promise<void> {
    const isDeaf = this.#listening?.isUp !== true;
    const watched = [...this.#watchers].map(({ of }) => of);
    if (watched.length === 0 || !(isDeaf || watched.includes("audit"))) return this.#pulse.forget();
    const { isWritten, isSettled } = await this.#pulse.feel();
    if (isWritten && isDeaf) this.#wake("authority");
    if (isWritten || isSettled) this.#wake("audit");
  }

  #wake(of: Watcher["of"], id = ""): void {
    for (const watcher of this.#watchers) if (watcher.of === of && (id === "" || watcher.concerns(id))) watcher.wake();
  }
}

interface Felt {
  /** Events have come that were not there the last time. */
  readonly isWritten: boolean;
  /** Events that were there have got their final place. */
  readonly isSettled: boolean;
}

/** What has been written into the audit since the last look: a version of everything that the functions of iam change. */
class Pulse {
  readonly #pool: Pick<Pool, "query">;
  #last: { readonly mark: string; readonly unsettled: string } | null = null;

  constructor(pool: Pick<Pool, "query">) {
    this.#pool = pool;
  }

  /** The next look finds something new, whatever there is. */
  forget(): void {
    this.#last = null;
  }

  async feel(): Promise<Felt> {
    const last = this.#last;
    const [row] = await this.#pool.query<{ mark: string; written: string; unsettled: string }>({
      sql: "select mark::text, written::text, unsettled::text from iam.audit_pulse($1)",
      parameters: [last?.mark ?? null],
    });
    if (row === undefined) throw new TypeError("iam.audit_pulse() answered nothing.");
    this.#last = row;
    return {
      isWritten: last === null || row.written !== last.unsettled,
      isSettled: last !== null && last.unsettled !== "0" && row.unsettled !== last.unsettled,
    };
  }
}
