/** In charge of the public keys that tokens are verified with: a provider's own list, or one that is fetched and kept fresh. */
import { createLocalJWKSet, errors, type JWK, type JWTVerifyGetKey } from "jose";
import { z } from "zod";
import { GatewayError } from "../errors.js";
import { type Log, silentLog } from "../observe/log.js";

/** How a fetched key set is kept. All times in milliseconds. */
export interface RemoteKeySetOptions {
  readonly fetch?: typeof globalThis.fetch;
  readonly now?: () => number;
  readonly log?: Log;
}

const refreshAfter = 30_000;
const waitAfter = 60_000;
const tooOldAfter = 4 * 3_600_000;
const fetchTimeout = 3_000;
const largestBody = 262_144;

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
  return createLocalJWKSet({ keys: keys.filter(canVerify) });
}

function canVerify(key: unknown): key is JWK {
  const parsed = publicKey.safeParse(key);
  return parsed.success && (parsed.data.key_ops?.includes("verify") ?? true);
}

/**
 * The keys behind an address. At most two fetches a minute, whatever is asked; a set older than half a minute is
 * refreshed behind the answer, one older than a minute before it; while the address fails the last good set serves
 * for four hours. Without any set the caller gets UNAVAILABLE: an outage is not a bad credential.
 */
export function createRemoteKeySet(url: string, options: RemoteKeySetOptions = {}): JWTVerifyGetKey {
  const { now = Date.now, log = silentLog } = options;
  let current: { readonly keys: JWTVerifyGetKey; readonly fetchedAt: number } | null = null;
  let lastAttempt = Number.NEGATIVE_INFINITY;
  let isFailing = false;
  let underWay: Promise<void> | null = null;

  const fetchOnce = async (): Promise<void> => {
    lastAttempt = now();
    try {
      current = { keys: createKeySet(await fetchJson(url, options.fetch ?? globalThis.fetch)), fetchedAt: now() };
      isFailing = false;
    } catch (error) {
      isFailing = true;
      log.write({ event: "key_set_not_fetched", url, error });
    }
  };
  const refresh = (): Promise<void> => {
    if (underWay === null && now() - lastAttempt < refreshAfter) return Promise.resolve();
    underWay ??= fetchOnce().finally(() => {
      underWay = null;
    });
    return underWay;
  };
  const ageOf = (): number => (current === null ? Number.POSITIVE_INFINITY : now() - current.fetchedAt);

  return async (header, token) => {
    // While the address fails nobody waits for it again: the last good set serves.
    if (current === null || (ageOf() > waitAfter && !isFailing)) await refresh();
    else if (ageOf() > refreshAfter) void refresh();
    if (current === null || ageOf() > tooOldAfter)
      throw new GatewayError("UNAVAILABLE", "The keys of the token's issuer can't be had.");
    const known = current;
    try {
      return await known.keys(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      await refresh();
      if (current === known) throw error;
      return current.keys(header, token);
    }
  };
}

async function fetchJson(url: string, fetch: typeof globalThis.fetch): Promise<unknown> {
  const signal = AbortSignal.timeout(fetchTimeout);
  const response = await fetch(url, {
    signal,
    redirect: "error",
    headers: { accept: "application/jwk-set+json, application/json" },
  });
  if (!response.ok || response.body === null) throw new Error(`the address answered ${response.status}`);
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body) {
    size += chunk.byteLength;
    if (size > largestBody) throw new Error(`the answer is larger than ${largestBody} bytes`);
    chunks.push(chunk);
  }
  return JSON.parse(Buffer.concat(chunks).toString("utf8"));
}
