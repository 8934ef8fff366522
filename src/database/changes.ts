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
  /** Wakes a watcher until the answered function is called. Nothing is asked of the database while nobody watches. */
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
}

/** The channel that `iam.tell_of_change()` notifies. */
export const authorityChannel = "portcullis_authority";

const defaultPollMillis = 500;

/** Makes it; nothing runs before the first watcher, or after the last. */
export function createChanges({
  pool,
  listenUrl,
  onListening,
  pollMillis = defaultPollMillis,
}: ChangesOptions): Changes {
  const watchers = new Set<Watcher>();
  const pulse = new Pulse(pool);
  let listening: Listening | null = null;
  let poll: NodeJS.Timeout | null = null;
  let last: Promise<unknown> = Promise.resolve();

  const wake = (of: Watcher["of"], id = ""): void => {
    for (const watcher of watchers) if (watcher.of === of && (id === "" || watcher.concerns(id))) watcher.wake();
  };
  const listen = (url: string): Listening =>
    startListening({
      url,
      channel: authorityChannel,
      notify: (payload) => pool.query({ sql: "select pg_notify($1, $2)", parameters: [authorityChannel, payload] }),
      onNotification: (id) => wake("authority", id),
      onUp: () => {
        onListening();
        wake("authority");
      },
      onDown: onListening,
    });
  const look = async (): Promise<void> => {
    const isDeaf = listening?.isUp !== true;
    if (!isDeaf && ![...watchers].some(({ of }) => of === "audit")) return pulse.forget();
    const { isWritten, isSettled } = await pulse.feel();
    if (isWritten && isDeaf) wake("authority");
    if (isWritten || isSettled) wake("audit");
  };
  const begin = (): void => {
    if (listenUrl !== null) listening = listen(listenUrl);
    let isLooking = false;
    poll = setInterval(() => {
      if (isLooking) return;
      isLooking = true;
      // While the database is away there is nothing to be seen; who asks for data says so.
      last = look().then(
        () => (isLooking = false),
        () => (isLooking = false),
      );
    }, pollMillis).unref();
  };
  const end = (): void => {
    const ended = listening?.stop();
    if (poll !== null) clearInterval(poll);
    last = Promise.all([last, ended]);
    listening = null;
    poll = null;
    pulse.forget();
  };

  return {
    watch: (watcher) => {
      if (watchers.size === 0) begin();
      watchers.add(watcher);
      return () => {
        if (watchers.delete(watcher) && watchers.size === 0) end();
      };
    },
    get means() {
      if (poll === null) return "none";
      return listening?.isUp === true ? "notifications" : "polling";
    },
    stop: async () => {
      watchers.clear();
      if (poll !== null) end();
      await last;
    },
  };
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
