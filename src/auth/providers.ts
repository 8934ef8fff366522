/** In charge of the providers whose tokens are accepted: rows of iam.providers, read again when they may have changed. */
import type { JWTVerifyGetKey } from "jose";
import { z } from "zod";
import { GatewayError } from "../errors.js";
import { type Log, silentLog } from "../observe/log.js";
import { type ClaimMapping, parseClaimMapping } from "./claims.js";
import { discoverKeySet } from "./discovery.js";
import { createKeySet } from "./key-set.js";
import { type AudienceClaim, type Preset, presetNamed } from "./presets.js";
import { createRemoteKeySet } from "./remote-key-set.js";

/** An issuer of tokens, ready to verify with. A disabled one too: whether it still opens a session is for the database to say. */
export interface Provider {
  readonly code: string;
  /** Compared to the letter. */
  readonly issuer: string;
  readonly audience: readonly string[];
  /** Asymmetric algorithms only. */
  readonly algorithms: readonly string[];
  /** The claim that must carry one of the audiences. */
  readonly audienceClaim: AudienceClaim;
  /** The types that its tokens may have, in lower case and without `application/`; null: those of access tokens, or none. */
  readonly tokenTypes: readonly string[] | null;
  readonly clockToleranceSeconds: number;
  readonly mapping: ClaimMapping;
  /** Whether an unknown subject becomes a user. */
  readonly provisions: boolean;
  /** Whether some group here has the members that its tokens say. */
  readonly mapsGroups: boolean;
  readonly keys: JWTVerifyGetKey;
}

/** The providers, by issuer. */
export interface Providers {
  /**
   * The provider with exactly this issuer, null where there is none. An unknown one is looked up at most every ten seconds.
   * Rejects with UNAVAILABLE as long as the rows could never be read: an outage is not a bad credential.
   */
  find(issuer: string): Promise<Provider | null>;
  /** Reads the rows again; what can't be read leaves what was known. */
  reload(): Promise<void>;
  /** Reads the rows again at this interval, until the returned function is called. */
  keepFresh(intervalMillis: number): () => void;
}

/** What the providers rest on. */
export interface ProvidersOptions {
  /** The rows of `iam.list_providers()`. */
  readonly readRows: () => Promise<readonly unknown[]>;
  readonly log?: Log;
  readonly now?: () => number;
  readonly fetch?: typeof globalThis.fetch;
}

const cooldownMillis = 10_000;
const usualToleranceSeconds = 30;
const signatureAlgorithms: readonly string[] = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
];

const providerRow = z.object({
  code: z.string(),
  issuer: z.string().min(1),
  audience: z.array(z.string().min(1)).min(1),
  algorithms: z.array(z.string()),
  jwks: z.unknown(),
  jwks_uri: z.string().nullish(),
  claims: z.unknown(),
  preset: z.string().nullish(),
  audience_claim: z.enum(["aud", "client_id", "azp"]).nullish(),
  token_types: z.array(z.string().toLowerCase()).nullish(),
  clock_tolerance_seconds: z.number().int().min(0).max(60).nullish(),
  provisions: z.boolean().nullish(),
  maps_groups: z.boolean().nullish(),
});
type ProviderRow = z.infer<typeof providerRow>;
type KeysOf = (row: ProviderRow, preset: Preset) => JWTVerifyGetKey;

/** Providers that are read at the first question. */
export function createProviders(options: ProvidersOptions): Providers {
  const { log = silentLog, now = Date.now } = options;
  const remember = rememberKeySets(options);
  let known: ReadonlyMap<string, Provider> | null = null;
  let lastRead = Number.NEGATIVE_INFINITY;
  let underWay: Promise<void> | null = null;

  const read = async (): Promise<void> => {
    lastRead = now();
    try {
      const rows = await options.readRows();
      known = new Map(
        rows.flatMap((row) => toProvider(row, remember, log)).map((provider) => [provider.issuer, provider]),
      );
    } catch (error) {
      log.write({ event: "providers_not_read", error });
    }
  };
  const reload = (): Promise<void> => {
    underWay ??= read().finally(() => {
      underWay = null;
    });
    return underWay;
  };

  return {
    reload,
    async find(issuer) {
      const provider = known?.get(issuer);
      if (provider !== undefined) return provider;
      if (known === null || underWay !== null || now() - lastRead >= cooldownMillis) await reload();
      if (known === null) throw new GatewayError("UNAVAILABLE", "The providers of tokens can't be read.");
      return known.get(issuer) ?? null;
    },
    keepFresh(intervalMillis) {
      const timer = setInterval(() => void reload(), intervalMillis).unref();
      return () => clearInterval(timer);
    },
  };
}

// A row without an audience or with a broken key set must not take the other issuers down with it.
function toProvider(value: unknown, keysOf: KeysOf, log: Log): readonly Provider[] {
  const parsed = providerRow.safeParse(value);
  if (!parsed.success) return refuseRow(value, log, "its row lacks an issuer, an audience or a list of algorithms");
  const row = parsed.data;
  const algorithms = row.algorithms.filter((name) => signatureAlgorithms.includes(name));
  if (algorithms.length === 0) return refuseRow(value, log, "it names no asymmetric signature algorithm");
  const preset = presetNamed(row.preset ?? "oidc");
  if (preset === null) return refuseRow(value, log, "it is of a make that this gateway does not know");
  try {
    return [
      {
        code: row.code,
        issuer: row.issuer,
        audience: row.audience,
        algorithms,
        audienceClaim: row.audience_claim ?? preset.audienceClaim,
        tokenTypes: row.token_types?.length ? row.token_types : null,
        clockToleranceSeconds: row.clock_tolerance_seconds ?? usualToleranceSeconds,
        mapping: parseClaimMapping(row.claims, preset.claims),
        provisions: row.provisions === true,
        mapsGroups: row.maps_groups === true,
        keys: keysOf(row, preset),
      },
    ];
  } catch {
    return refuseRow(value, log, "it has neither a key set nor the address of one");
  }
}

function refuseRow(value: unknown, log: Log, problem: string): readonly [] {
  const named = z.object({ code: z.string() }).safeParse(value);
  log.write({ event: "provider_not_usable", provider: named.data?.code ?? "?", problem });
  return [];
}

// Fetched keys outlive a reading of the rows, else every reading would fetch them again.
function rememberKeySets(options: ProvidersOptions): KeysOf {
  const remote = new Map<string, JWTVerifyGetKey>();
  return ({ jwks, jwks_uri: given, issuer }, { keySetPath }) => {
    if (jwks !== null && jwks !== undefined) return createKeySet(jwks);
    const path = keySetPath === null ? null : `${issuer.replace(/\/$/, "")}${keySetPath}`;
    const url = new URL(given ?? path ?? issuer).href;
    const isDiscovered = given === null || given === undefined ? path === null : false;
    const name = `${isDiscovered ? "issuer" : "keys"} ${url}`;
    const address = isDiscovered ? (fetch: typeof globalThis.fetch) => discoverKeySet(issuer, fetch) : url;
    const keys = remote.get(name) ?? createRemoteKeySet(address, options);
    remote.set(name, keys);
    return keys;
  };
}
