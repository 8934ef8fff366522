/** In charge of headers that would have the token judged by other means than its issuer's. */
import { createPublicKey } from "node:crypto";
import { keys, type VectorKey } from "./keys.js";
import { type Claims, headerOf, type Vector } from "./right-token.js";
import { encode, macToken, signingInput, signToken } from "./sign.js";

/** Algorithms that are none, or not the key's. */
export function confusedAlgorithms(claims: Claims): readonly Vector[] {
  const { ES256, RS256 } = keys;
  const named = (alg: unknown, key: VectorKey = ES256) => signToken(key, { ...headerOf(key), alg }, claims);
  const unsigned = ["none", "None", "NONE", "nOnE", " none", "", "null"].flatMap((alg): readonly Vector[] => {
    const text = signingInput({ ...headerOf(ES256), alg }, claims);
    return [
      [`alg "${alg}" without a signature`, `${text}.`],
      [`alg "${alg}" with one`, `${text}.${encode("x")}`],
    ];
  });
  const secrets = [ES256, RS256].flatMap((key): readonly Vector[] => {
    const publicKey = createPublicKey(key.privateKey);
    const forms = {
      "PEM key": publicKey.export({ format: "pem", type: "spki" }),
      "PEM key without its end": String(publicKey.export({ format: "pem", type: "spki" })).trim(),
      "DER key": publicKey.export({ format: "der", type: "spki" }),
      "JSON key": JSON.stringify(key.jwk),
      "modulus or point": Buffer.from(String(key.jwk["n"] ?? key.jwk["x"]), "base64url"),
    };
    return Object.entries(forms).flatMap(([form, secret]) =>
      (["HS256", "HS384", "HS512"] as const).map(
        (alg): Vector => [
          `${alg} with the ${key.algorithm} ${form} as secret`,
          macToken(alg, secret, headerOf(key), claims),
        ],
      ),
    );
  });
  const other = ["ES384", "es256", "ES256K", "RS256", "PS256", "EdDSA", "Ed25519", "dir", "RSA1_5", "A128KW"];
  return [
    ...unsigned,
    ...secrets,
    ["HS256 with an empty secret", macToken("HS256", "", headerOf(ES256), claims)],
    ...other.map((alg): Vector => [`alg ${alg} over ES256`, named(alg)]),
    ...["RS384", "RS512", "PS256", "PS384"].map((alg): Vector => [`alg ${alg} over RS256`, named(alg, RS256)]),
    ...[undefined, null, 1, true, ["ES256"], { alg: "ES256" }].map(
      (alg): Vector => [`alg ${JSON.stringify(alg)}`, named(alg)],
    ),
  ];
}

/** Headers that bring a key along, or say where one is. */
export function temptingHeaders(claims: Claims, bait: string): readonly Vector[] {
  const { ES256, RS256 } = keys;
  const mine: VectorKey = { ...RS256, kid: "mine" };
  const changed = (changes: object, key: VectorKey = ES256) => signToken(key, { ...headerOf(key), ...changes }, claims);
  const kids: readonly unknown[] = [
    undefined,
    null,
    7,
    "",
    ["es256"],
    { kid: "es256" },
    "es256 ",
    "es256\0",
    "ES256",
    "../../../dev/null",
    "/proc/self/environ",
    "x' or '1'='1",
    "es256'; select pg_sleep(5) --",
    "__proto__",
    "constructor",
    "é",
    "k".repeat(257),
    bait,
  ];
  return [
    ["its own key", changed({ jwk: mine.jwk }, mine)],
    ["its own key under a known id", changed({ jwk: RS256.jwk, kid: "es256" }, RS256)],
    ["the address of a set", changed({ jku: `${bait}/jwks` })],
    ["the address of a certificate", changed({ x5u: `${bait}/cert` })],
    ["the address of a set in the id", changed({ kid: `${bait}/jwks` })],
    ["certificates", changed({ x5c: ["MIIB"] })],
    ...[["exp"], ["x"], [], "exp", null].map(
      (crit): Vector => [`crit ${JSON.stringify(crit)}`, changed({ crit, x: 1 })],
    ),
    ["b64 false", `${encode({ ...headerOf(ES256), b64: false, crit: ["b64"] })}.${encode(claims)}.${encode("x")}`],
    ["b64 true", changed({ b64: true })],
    ["zip", changed({ zip: "DEF" })],
    ...kids.map((kid): Vector => [`kid ${JSON.stringify(kid)?.slice(0, 40)}`, changed({ kid })]),
    ...["JOSE", "JWE", "logout+jwt", "id+jwt", "secevent+jwt", "dpop+jwt", "kb+jwt", "", "jwt ", "application/"].map(
      (typ): Vector => [`typ "${typ}"`, changed({ typ })],
    ),
    ...[null, 1, ["JWT"]].map((typ): Vector => [`typ ${JSON.stringify(typ)}`, changed({ typ })]),
  ];
}
