/** In charge of the keys of the JOSE vectors: one of each kind that a provider may sign with, and those that must never be taken. */
import { createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";

/** A key pair under its key id. */
export interface VectorKey {
  readonly kid: string;
  readonly algorithm: string;
  readonly privateKey: KeyObject;
  readonly jwk: Readonly<Record<string, unknown>>;
}

function pair(kid: string, algorithm: string, made: { readonly privateKey: KeyObject }): VectorKey {
  const jwk = createPublicKey(made.privateKey).export({ format: "jwk" });
  return { kid, algorithm, privateKey: made.privateKey, jwk: { ...jwk, kid, alg: algorithm, use: "sig" } };
}

const rsa = (modulusLength: number, publicExponent = 65_537) =>
  generateKeyPairSync("rsa", { modulusLength, publicExponent });
const ec = (namedCurve: string) => generateKeyPairSync("ec", { namedCurve });

/** Good keys. */
export const keys = {
  ES256: pair("es256", "ES256", ec("P-256")),
  ES384: pair("es384", "ES384", ec("P-384")),
  ES512: pair("es512", "ES512", ec("P-521")),
  RS256: pair("rs256", "RS256", rsa(2_048)),
  PS256: pair("ps256", "PS256", rsa(2_048)),
  EdDSA: pair("eddsa", "EdDSA", generateKeyPairSync("ed25519")),
} as const;

const good = keys.ES256;
const changed = (kid: string, from: VectorKey, changes: Readonly<Record<string, unknown>>): VectorKey => ({
  ...from,
  kid,
  jwk: { ...from.jwk, kid, ...changes },
});

/** Keys of the same set that nothing may be verified with. What is signed with them is signed rightly. */
export const uselessKeys: Readonly<Record<string, VectorKey>> = {
  "for encryption": changed("enc", good, { use: "enc" }),
  "whose operations do not include verifying": changed("ops", good, { key_ops: ["encrypt"] }),
  "that is private": changed("private", good, good.privateKey.export({ format: "jwk" })),
  "of 1024 bits": pair("small", "RS256", rsa(1_024)),
  "with the exponent 3": pair("three", "RS256", rsa(2_048, 3)),
  "with the exponent 1": changed("one", keys.RS256, { e: "AQ" }),
  "for another algorithm": changed("other", keys.RS256, { alg: "RS512" }),
  "of another curve than its algorithm": changed("curve", good, { crv: "P-384" }),
  "that is no point of its curve": changed("point", good, { x: keys.ES256.jwk["y"] }),
  "without half of its point": changed("half", good, { y: undefined }),
  "of another type than it says": changed("type", good, { kty: "OKP" }),
  "of a curve that nobody asked for": pair("k1", "ES256", ec("secp256k1")),
};

/** The set as the provider serves it: the good ones, the useless ones, a shared secret, and one id for two keys. */
export const vectorKeySet = {
  keys: [
    ...Object.values(keys).map(({ jwk }) => jwk),
    ...Object.values(uselessKeys).map(({ jwk }) => jwk),
    {
      kty: "oct",
      kid: "shared",
      alg: "HS256",
      use: "sig",
      k: Buffer.from("a shared secret of a test").toString("base64url"),
    },
    { ...keys.ES256.jwk, kid: "twice" },
    { ...pair("twice", "ES256", ec("P-256")).jwk },
  ],
};
