/** In charge of a key set behind an address: fetched, kept fresh while it is in use, and served while its address fails. */
import { errors, type JWTVerifyGetKey } from "jose";
import { GatewayError } from "../errors.js";
import { type Log, silentLog } from "../observe/log.js";
import { fetchJson } from "./fetch-json.js";
import { createKeySet } from "./key-set.js";

type Fetch = typeof globalThis.fetch;

/** Where a key set is, or how that is found out. */
export type KeySetAddress = string | ((fetch: Fetch) => Promise<string>);

/** How a fetched key set is kept. All times in milliseconds. */
export interface RemoteKeySetOptions {
  readonly fetch?: Fetch;
  readonly now?: () => number;
  readonly log?: Log;
}

const refreshAfter = 30_000;
// With the ten seconds that a verdict is remembered for, a removed key dies within the minute.
const waitAfter = 50_000;
// A little more than half a minute, lest every second try came too early.
const refreshEvery = refreshAfter + 500;
const idleAfter = 10 * 60_000;
const tooOldAfter = 24 * 3_600_000;
const patience = 1_000;

/**
 * The keys behind an address. At most two fetches a minute, whatever is asked. A set that is in use is refreshed each half
 * minute, and nobody waits for it; one that nobody asked for in ten minutes is refreshed before the next answer, for which
 * nobody waits longer than a second. While the address fails the last good set serves for a day. Without any set the caller
 * gets UNAVAILABLE: an outage is not a bad credential. The address may have to be found first, which is done again when it
 * fails.
 */
export function createRemoteKeySet(address: KeySetAddress, options: RemoteKeySetOptions = {}): JWTVerifyGetKey {
  const keys = new RemoteKeySet(address, options);
  return (header, token) => keys.find(header, token);
}

interface Fetched {
  readonly keys: JWTVerifyGetKey;
  readonly at: number;
}

class RemoteKeySet {
  readonly #address: KeySetAddress;
  readonly #options: Required<RemoteKeySetOptions>;
  #url: string | null = null;
  #fetched: Fetched | null = null;
  #isFailing = false;
  #underWay: Promise<void> | null = null;
  #lastAttempt = Number.NEGATIVE_INFINITY;
  #lastAsked = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | null = null;

  constructor(address: KeySetAddress, options: RemoteKeySetOptions) {
    this.#address = address;
    this.#options = { now: Date.now, log: silentLog, fetch: globalThis.fetch, ...options };
  }

  async find(...[header, token]: Parameters<JWTVerifyGetKey>): Promise<Awaited<ReturnType<JWTVerifyGetKey>>> {
    const known = await this.#current();
    try {
      return await known.keys(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      await atMost(patience, this.#refresh());
      const next = this.#fetched;
      if (next === null || next === known) throw error;
      return next.keys(header, token);
    }
  }

  async #current(): Promise<Fetched> {
    this.#stayFresh();
    const age = this.#age();
    // While the address fails nobody waits for it again: the last good set serves.
    if (this.#fetched === null) await this.#refresh();
    else if (age > waitAfter && !this.#isFailing) await atMost(patience, this.#refresh());
    else if (age > refreshAfter) void this.#refresh();
    if (this.#fetched === null || this.#age() > tooOldAfter)
      throw new GatewayError("UNAVAILABLE", "The keys of the token's issuer can't be had.");
    return this.#fetched;
  }

  #age(): number {
    return this.#fetched === null ? Number.POSITIVE_INFINITY : this.#options.now() - this.#fetched.at;
  }

  #stayFresh(): void {
    const { now } = this.#options;
    this.#lastAsked = now();
    this.#timer ??= setInterval(() => {
      if (now() - this.#lastAsked <= idleAfter) return void this.#refresh();
      if (this.#timer !== null) clearInterval(this.#timer);
      this.#timer = null;
    }, refreshEvery).unref();
  }

  #refresh(): Promise<void> {
    if (this.#underWay === null && this.#options.now() - this.#lastAttempt < refreshAfter) return Promise.resolve();
    this.#underWay ??= this.#fetchOnce().finally(() => {
      this.#underWay = null;
    });
    return this.#underWay;
  }

  async #fetchOnce(): Promise<void> {
    const { now, fetch, log } = this.#options;
    this.#lastAttempt = now();
    try {
      this.#url ??= typeof this.#address === "string" ? this.#address : await this.#address(fetch);
      this.#fetched = { keys: createKeySet(await fetchJson(this.#url, fetch)), at: now() };
      this.#isFailing = false;
    } catch (error) {
      this.#isFailing = true;
      log.write({ event: "key_set_not_fetched", url: this.#url ?? "", error });
      this.#url = null;
    }
  }
}

async function atMost(millis: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, millis).unref();
  });
  await Promise.race([work, over]);
  clearTimeout(timer);
}
