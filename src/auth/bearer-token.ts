/** In charge of deciding whether a bearer token is genuine, ours and in date. It asks no database. */
import { errors, type JWTPayload, jwtVerify } from "jose";
import { z } from "zod";
import { GatewayError } from "../errors.js";
import { CredentialError, type CredentialFault } from "./credential-error.js";
import type { Provider } from "./providers.js";
import { parseStrictJson } from "./strict-json.js";

/** What a genuine token said, and who said it. */
export interface VerifiedToken {
  readonly provider: Provider;
  readonly claims: JWTPayload;
  /** When the token ends, in seconds since 1970. */
  readonly expiresAt: number;
}

/** What the check rests on. */
export interface TokenRules {
  /** Finds the provider with exactly this issuer; null where there is none. */
  readonly findProvider: (issuer: string) => Promise<Provider | null>;
  /** A token that lives longer is refused, however well it is signed. */
  readonly maxLifetimeSeconds: number;
  readonly now?: () => Date;
}

const largestToken = 8_192;
const compactForm = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;
const usualTypes: readonly string[] = ["none", "jwt", "at+jwt"];

// Headers that name or carry a key, or change what the signature covers, are refused rather than ignored.
const forbiddenHeaders = ["jku", "jwk", "x5u", "x5c", "crit", "b64", "zip"] as const;

const header = z
  .object({ alg: z.string(), kid: z.string().regex(/^[!-~]{1,256}$/), typ: z.string().optional() })
  .loose();
const seconds = z.number().finite().nonnegative();
const claims = z
  .object({
    iss: z.string(),
    aud: z.union([z.string(), z.array(z.string())]).optional(),
    exp: seconds,
    nbf: seconds.optional(),
    iat: seconds.optional(),
  })
  .loose();

/**
 * Verifies a token: form, header, issuer, algorithm, signature, audience and times, in this order.
 * @throws CredentialError with the reason; the client's text is always the same
 */
export async function verifyBearerToken(token: string, rules: TokenRules): Promise<VerifiedToken> {
  const unverified = readUnverified(token);
  const provider = await rules.findProvider(unverified.issuer);
  if (provider === null) throw new CredentialError("UNKNOWN_ISSUER");
  if (!provider.algorithms.includes(unverified.algorithm)) throw new CredentialError("BAD_ALGORITHM");
  if (!(provider.tokenTypes ?? usualTypes).includes(unverified.type)) throw new CredentialError("BAD_TYPE");
  const now = rules.now?.() ?? new Date();
  const payload = await verifySignature(token, provider, now);
  return { provider, claims: payload, expiresAt: checkClaims(payload, provider, { ...rules, now }) };
}

interface Unverified {
  readonly issuer: string;
  readonly algorithm: string;
  /** In lower case and without `application/`; `none` where the header has no type. */
  readonly type: string;
}

function readUnverified(token: string): Unverified {
  if (token.length > largestToken) throw new CredentialError("TOKEN_TOO_LARGE");
  if (!compactForm.test(token)) throw new CredentialError("TOKEN_MALFORMED");
  const [head, body, signature] = token.split(".").map(decodeStrictly);
  if (head === undefined || body === undefined || signature === undefined) throw new CredentialError("TOKEN_MALFORMED");
  const parsedHeader = parseHeader(head);
  const { iss } = parseOr("TOKEN_MALFORMED", z.object({ iss: z.string() }).loose(), body);
  const type = parsedHeader.typ?.toLowerCase().replace(/^application\//, "") ?? "none";
  return { issuer: iss, algorithm: parsedHeader.alg, type };
}

// The last character of a base64url text has spare bits, and decoders ignore them: without this a token has many spellings.
function decodeStrictly(part: string): Buffer {
  const bytes = Buffer.from(part, "base64url");
  if (bytes.toString("base64url") !== part) throw new CredentialError("TOKEN_MALFORMED");
  return bytes;
}

function parseHeader(bytes: Buffer): z.infer<typeof header> {
  const parsed = parseOr("TOKEN_MALFORMED", header, bytes);
  if (forbiddenHeaders.some((name) => name in parsed)) throw new CredentialError("BAD_HEADER");
  return parsed;
}

function parseOr<Shape>(fault: CredentialFault, shape: z.ZodType<Shape>, bytes: Buffer): Shape {
  try {
    return shape.parse(parseStrictJson(bytes));
  } catch (cause) {
    throw new CredentialError(fault, cause);
  }
}

async function verifySignature(token: string, provider: Provider, now: Date): Promise<JWTPayload> {
  try {
    const { payload } = await jwtVerify(token, provider.keys, {
      issuer: provider.issuer,
      ...(provider.audienceClaim === "aud" ? { audience: [...provider.audience] } : {}),
      algorithms: [...provider.algorithms],
      clockTolerance: provider.clockToleranceSeconds,
      currentDate: now,
      requiredClaims: ["exp"],
    });
    return payload;
  } catch (error) {
    throw explain(error);
  }
}

/** That the key set can't be had is not the client's fault, and passes as it is. */
function explain(error: unknown): unknown {
  return error instanceof GatewayError ? error : new CredentialError(faultOf(error), error);
}

function faultOf(error: unknown): CredentialFault {
  // Whatever else comes from in there is a key that can't be used with this algorithm.
  if (!(error instanceof errors.JOSEError)) return "UNKNOWN_KEY";
  if (error instanceof errors.JWTExpired) return "TOKEN_EXPIRED";
  if (error instanceof errors.JWTClaimValidationFailed) return faultOfClaim[error.claim] ?? "BAD_CLAIMS";
  if (error instanceof errors.JWSSignatureVerificationFailed) return "BAD_SIGNATURE";
  if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys)
    return "UNKNOWN_KEY";
  if (error instanceof errors.JOSEAlgNotAllowed) return "BAD_ALGORITHM";
  return "TOKEN_MALFORMED";
}

const faultOfClaim: Readonly<Record<string, CredentialFault>> = {
  aud: "BAD_AUDIENCE",
  nbf: "TOKEN_NOT_YET_VALID",
  iss: "UNKNOWN_ISSUER",
};

interface ClaimRules extends Pick<TokenRules, "maxLifetimeSeconds"> {
  readonly now: Date;
}

// jose lets an infinite `exp` (1e400), an `iat` of next year and an `aud` with an object in it pass.
function checkClaims(payload: JWTPayload, provider: Provider, { now, maxLifetimeSeconds }: ClaimRules): number {
  const checked = claims.safeParse(payload);
  if (!checked.success) throw new CredentialError("BAD_CLAIMS", checked.error);
  const { exp, iat } = checked.data;
  const { audience, audienceClaim, clockToleranceSeconds } = provider;
  const holder = payload[audienceClaim];
  if (audienceClaim !== "aud" && !(typeof holder === "string" && audience.includes(holder)))
    throw new CredentialError("BAD_AUDIENCE");
  const nowSeconds = Math.floor(now.getTime() / 1000);
  if (iat !== undefined && iat > nowSeconds + clockToleranceSeconds) throw new CredentialError("TOKEN_NOT_YET_VALID");
  if (exp - (iat ?? nowSeconds) > maxLifetimeSeconds) throw new CredentialError("LIFETIME_TOO_LONG");
  return exp;
}
