/** In charge of the public keys that tokens are verified with: a provider's own list, or one that is fetched and kept fresh. */
import { createPublicKey } from "node:crypto";
import { createLocalJWKSet, errors, type JWK, type JWTVerifyGetKey } from "jose";
import { z } from "zod";
import { GatewayError } from "../errors.js";
import { type Log, silentLog } from "../observe/log.js";
import { fetchJson } from "./fetch-json.js";

/** How a fetched key set is kept. All times in milliseconds. */
export interface RemoteKeySetOptions {
  readonly fetch?: typeof globalThis.fetch;
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

// What can't verify a signature, or must never be in a public set, is left out: then its tokens have no key.
const publicKey = z
  .object({
    kty: z.enum(["RSA", "EC", "OKP"]),
    d: z.undefined().optional(),
    use: z.literal("sig").optional(),
    key_ops: z.array(z.string()).optional(),
  })
  .loose();
const keySet = z.object({ keys: z.array(z.unknown()).max(100) });

/**
 * The keys of a list.
 * @throws ZodError when it isn't a key set at all
 */
export function createKeySet(jwks: unknown): JWTVerifyGetKey {
  const { keys } = keySet.parse(jwks);
  return createLocalJWKSet({ keys: keys.filter(canVerify).filter(isSound) });
}

function canVerify(key: unknown): key is JWK {
  const parsed = publicKey.safeParse(key);
  return parsed.success && (parsed.data.key_ops?.includes("verify") ?? true);
}

const smallestModulusBits = 2_048;
const smallestExponent = 65_537n;

// Points beside their curve can't be imported; small RSA keys and exponents can, and protect nothing.
function isSound(key: JWK): boolean {
  try {
    const { asymmetricKeyDetails: details } = createPublicKey({ key, format: "jwk" });
    return (
      (details?.modulusLength ?? smallestModulusBits) >= smallestModulusBits &&
      (details?.publicExponent ?? smallestExponent) >= smallestExponent
    );
  } catch {
    return false;
  }
}

/**
 * The keys behind an address. At most two fetches a minute, whatever is asked. A set that is in use is refreshed each half
 * minute, and nobody waits for it; one that nobody asked for in ten minutes is refreshed before the next answer, for which
 * nobody waits longer than a second. While the address fails the last good set serves for a day. Without any set the caller gets UNAVAILABLE: an outage is not a bad
 * credential. The address may have to be found first, which is done again when it fails.
 */
export function createRemoteKeySet(
  address: string | ((fetch: typeof globalThis.fetch) => Promise<string>),
  options: RemoteKeySetOptions = {},
): JWTVerifyGetKey {
  const { now = Date.now, log = silentLog, fetch = globalThis.fetch } = options;
  let url = typeof address === "string" ? address : null;
  let current: { readonly keys: JWTVerifyGetKey; readonly fetchedAt: number } | null = null;
  let lastAttempt = Number.NEGATIVE_INFINITY;
  let isFailing = false;
  let underWay: Promise<void> | null = null;

  const fetchOnce = async (): Promise<void> => {
    lastAttempt = now();
    try {
      url ??= typeof address === "string" ? address : await address(fetch);
      current = { keys: createKeySet(await fetchJson(url, fetch)), fetchedAt: now() };
      isFailing = false;
    } catch (error) {
      isFailing = true;
      log.write({ event: "key_set_not_fetched", url: url ?? "", error });
      if (typeof address !== "string") url = null;
    }
  };
  const refresh = (): Promise<void> => {
    if (underWay === null && now() - lastAttempt < refreshAfter) return Promise.resolve();
    underWay ??= fetchOnce().finally(() => {
      underWay = null;
    });
    return underWay;
  };
  let lastAsked = Number.NEGATIVE_INFINITY;
  let timer: NodeJS.Timeout | null = null;
  const stayFresh = (): void => {
    lastAsked = now();
    timer ??= setInterval(() => {
      if (now() - lastAsked <= idleAfter) return void refresh();
      if (timer !== null) clearInterval(timer);
      timer = null;
    }, refreshEvery).unref();
  };
  const ageOf = (): number => (current === null ? Number.POSITIVE_INFINITY : now() - current.fetchedAt);

  return async (header, token) => {
    stayFresh();
    // While the address fails nobody waits for it again: the last good set serves.
    if (current === null) await refresh();
    else if (ageOf() > waitAfter && !isFailing) await atMost(patience, refresh());
    else if (ageOf() > refreshAfter) void refresh();
    if (current === null || ageOf() > tooOldAfter)
      throw new GatewayError("UNAVAILABLE", "The keys of the token's issuer can't be had.");
    const known = current;
    try {
      return await known.keys(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      await atMost(patience, refresh());
      if (current === known) throw error;
      return current.keys(header, token);
    }
  };
}

async function atMost(millis: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, millis).unref();
  });
  await Promise.race([work, over]);
  clearTimeout(timer);
}
