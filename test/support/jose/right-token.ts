/** In charge of what every vector starts from: a header and claims that are right. */
import type { VectorKey } from "./keys.js";

/** A name and a token. */
export type Vector = readonly [name: string, token: string];

/** Whom all tokens are from and for. */
export interface VectorIssuer {
  readonly issuer: string;
  readonly audience: string;
  /** An address that must never be asked for a key. */
  readonly bait: string;
}

/** The claims of all vectors. */
export type Claims = ReturnType<typeof claimsOf>;

/** A right header for a key. */
export function headerOf({ algorithm, kid }: VectorKey) {
  return { alg: algorithm, kid, typ: "at+jwt" };
}

/** Right claims. */
export function claimsOf({ issuer, audience }: VectorIssuer) {
  const now = Math.floor(Date.now() / 1000);
  return { iss: issuer, aud: audience, sub: "bob@acme.test", iat: now, exp: now + 300 };
}
