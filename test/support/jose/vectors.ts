/**
 * In charge of the tokens that nobody may get in with: each class of the published negative vectors (Wycheproof's
 * json_web_signature, json_web_key and ECDSA cases; RFC 8725), made anew with keys of our own.
 */
import { confusedAlgorithms, temptingHeaders } from "./header-vectors.js";
import { keys, uselessKeys } from "./keys.js";
import { claimsOf, headerOf, type Vector, type VectorIssuer } from "./right-token.js";
import { macToken, signToken } from "./sign.js";
import { edgesOfEcdsa, mangledSignatures, paddingsOfRsa } from "./signature-vectors.js";
import { falseClaims, otherForms, otherTexts } from "./text-vectors.js";

/** A token of each kind of key that is right in everything. */
export function goodVectors(issuer: VectorIssuer): readonly Vector[] {
  return Object.values(keys).map((key) => [key.algorithm, signToken(key, headerOf(key), claimsOf(issuer))]);
}

/** All others. */
export function badVectors(issuer: VectorIssuer): readonly Vector[] {
  const claims = claimsOf(issuer);
  return [
    ...Object.values(keys).flatMap((key) => mangledSignatures(key, claims)),
    ...edgesOfEcdsa(claims),
    ...paddingsOfRsa(claims),
    ...confusedAlgorithms(claims),
    ...temptingHeaders(claims, issuer.bait),
    ...otherForms(claims),
    ...otherTexts(claims),
    ...falseClaims(claims),
    ...Object.entries(uselessKeys).map(
      ([name, key]): Vector => [`a key ${name}`, signToken(key, headerOf(key), claims)],
    ),
    ["two keys of one id", signToken(keys.ES256, { ...headerOf(keys.ES256), kid: "twice" }, claims)],
    ["a shared secret of the set", macToken("HS256", "a shared secret of a test", { kid: "shared" }, claims)],
  ];
}
