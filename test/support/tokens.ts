/** In charge of the tokens of the tests: real keys, real signatures, and every way of getting one wrong. */
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";

/** Header and claims to put in place of the usual ones; undefined takes one away. */
export interface TokenChanges {
  readonly header?: Readonly<Record<string, unknown>>;
  readonly claims?: Readonly<Record<string, unknown>>;
}

/** An issuer with a key pair of its own. */
export interface TestIssuer {
  readonly issuer: string;
  readonly audience: string;
  readonly jwks: { readonly keys: readonly Readonly<Record<string, unknown>>[] };
  /** The row that `iam.list_providers()` would give. */
  readonly row: Readonly<Record<string, unknown>>;
  /** A token that is right but for the changes. */
  sign(changes?: TokenChanges): Promise<string>;
}

/** Makes an issuer that signs with ES256. */
export async function createTestIssuer(issuer = "https://issuer.test/"): Promise<TestIssuer> {
  const { privateKey, publicKey } = await generateKeyPair("ES256", { extractable: true });
  const audience = "portcullis-test";
  const kid = `key-of-${issuer}`;
  const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid, alg: "ES256", use: "sig" }] };
  return {
    issuer,
    audience,
    jwks,
    row: {
      id: "00000000-0000-4000-8000-000000000001",
      code: "test",
      issuer,
      audience: [audience],
      algorithms: ["ES256"],
      jwks,
      jwks_uri: null,
      claims: {},
      enabled: true,
    },
    sign: ({ header, claims } = {}) => {
      const now = Math.floor(Date.now() / 1000);
      const payload = { iss: issuer, aud: audience, sub: "alice@acme.test", iat: now, exp: now + 300, ...claims };
      return new SignJWT(payload as JWTPayload)
        .setProtectedHeader({ alg: "ES256", typ: "at+jwt", kid, ...header })
        .sign(privateKey);
    },
  };
}

/** A token put together by hand: any header, any claims (a string is taken as raw JSON), any signature. */
export function forgeToken(header: unknown, claims: unknown, signature = "c2lnbmF0dXJl"): string {
  const encode = (part: unknown) =>
    Buffer.from(typeof part === "string" ? part : JSON.stringify(part)).toString("base64url");
  return `${encode(header)}.${encode(claims)}.${signature}`;
}
