/** In charge of one connection that LISTENs: made anew when it breaks, and only believed when a notification really arrives. */
import { randomUUID } from "node:crypto";
import pg from "pg";

/** What listening needs, and whom it tells. */
export interface ListenOptions {
  /** A direct address: behind a pooler in transaction mode nothing would ever arrive. */
  readonly url: string;
  readonly channel: string;
  /** Sends a notification from another connection, to see whether it arrives. */
  readonly notify: (payload: string) => Promise<unknown>;
  readonly onNotification: (payload: string) => void;
  /** Called when listening has begun, the first time and after every loss: what came in between was not heard. */
  readonly onUp: () => void;
  /** Called when listening has ended, or could not begin. */
  readonly onDown: (error: unknown) => void;
}

/** Listening that goes on until it is stopped. */
export interface Listening {
  readonly isUp: boolean;
  stop(): Promise<void>;
}

const answerTimeoutMillis = 5_000;
const checkEveryMillis = 15_000;
const shortestPauseMillis = 250;
const longestPauseMillis = 30_000;

/** Listens in the background, from now on. */
export function startListening(options: ListenOptions): Listening {
  const stopping = new AbortController();
  let isUp = false;
  const say = (next: boolean, error?: unknown): void => {
    isUp = next;
    if (next) options.onUp();
    else options.onDown(error);
  };
  const ended = keepListening(options, say, stopping.signal);
  return {
    get isUp() {
      return isUp;
    },
    stop: () => {
      isUp = false;
      stopping.abort();
      return ended;
    },
  };
}

type Say = (isUp: boolean, error?: unknown) => void;

async function keepListening(options: ListenOptions, say: Say, signal: AbortSignal): Promise<void> {
  for (let failures = 0; !signal.aborted; failures += 1) {
    const error = await listenOnce(options, signal, () => {
      failures = 0;
      say(true);
    });
    if (signal.aborted) return;
    say(false, error);
    await pause(failures, signal);
  }
}

/** Listens until the connection is lost; answers why. */
async function listenOnce(options: ListenOptions, signal: AbortSignal, onUp: () => void): Promise<unknown> {
  const client = new pg.Client({
    connectionString: options.url,
    application_name: "portcullis listen",
    keepAlive: true,
    connectionTimeoutMillis: answerTimeoutMillis,
    query_timeout: answerTimeoutMillis,
  });
  const lost = new Promise<unknown>((resolve) => {
    client.on("error", resolve);
    client.on("end", () => resolve(new Error("The connection has ended.")));
    signal.addEventListener("abort", () => resolve(signal.reason), { once: true });
  });
  const broken = lost.then((error) => Promise.reject(error));
  try {
    await Promise.race([client.connect(), broken]);
    await Promise.race([begin(client, options), broken]);
    onUp();
    await Promise.race([check(client, signal), broken]);
    return signal.reason;
  } catch (error) {
    return error;
  } finally {
    // Not `end()` alone: it waits for the answer of a server that may be gone.
    const gone = client.end().catch(() => undefined);
    client.connection.stream.destroy();
    await gone;
  }
}

async function begin(client: pg.Client, { channel, notify, onNotification }: ListenOptions): Promise<void> {
  const probe = `probe:${randomUUID()}`;
  const arrived = new Promise<void>((resolve) => {
    client.on("notification", ({ payload = "" }) => {
      if (payload === probe) resolve();
      else if (!payload.startsWith("probe:")) onNotification(payload);
    });
  });
  await client.query(`listen ${client.escapeIdentifier(channel)}`);
  await notify(probe);
  await inTime(arrived);
}

/** Asks now and then whether somebody is still there: a network that swallows everything says nothing by itself. */
async function check(client: pg.Client, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await sleep(checkEveryMillis, signal);
    if (!signal.aborted) await client.query("select 1");
  }
}

function inTime(arrived: Promise<void>): Promise<void> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(
      () => reject(new Error("No notification arrives here: is there a pooler in between?")),
      answerTimeoutMillis,
    );
    void arrived.then(() => {
      clearTimeout(late);
      resolve();
    });
  });
}

// With jitter: a database that comes back is not met by all gateways at once.
function pause(failures: number, signal: AbortSignal): Promise<void> {
  const longest = Math.min(longestPauseMillis, shortestPauseMillis * 2 ** failures);
  return sleep(longest * (0.5 + Math.random() / 2), signal);
}

function sleep(millis: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, millis).unref();
    signal.addEventListener("abort", done, { once: true });
  });
}
