/** In charge of signing what no library signs: any header, any claims, as any bytes. */
import { createHmac, sign } from "node:crypto";
import type { VectorKey } from "./keys.js";

/** A part of a token: bytes, JSON text, or what is to be written as JSON. */
export type Part = Buffer | string | object;

/** Base64url as RFC 7515 has it. */
export function encode(part: Part): string {
  if (Buffer.isBuffer(part)) return part.toString("base64url");
  return Buffer.from(typeof part === "string" ? part : JSON.stringify(part)).toString("base64url");
}

/** What is signed of a token. */
export function signingInput(header: Part, claims: Part): string {
  return `${encode(header)}.${encode(claims)}`;
}

/** The signature of a text by a key, as its algorithm makes it. */
export function signatureOf(text: string, { algorithm, privateKey }: VectorKey): Buffer {
  const bytes = Buffer.from(text);
  if (algorithm === "EdDSA") return sign(null, bytes, privateKey);
  const hash = `sha${algorithm.slice(2)}`;
  if (algorithm.startsWith("ES")) return sign(hash, bytes, { key: privateKey, dsaEncoding: "ieee-p1363" });
  const salted = { padding: 6, saltLength: Number(algorithm.slice(2)) / 8 };
  return sign(hash, bytes, { key: privateKey, ...(algorithm.startsWith("PS") ? salted : {}) });
}

/** A token that is rightly signed, whatever it says. */
export function signToken(key: VectorKey, header: Part, claims: Part): string {
  const text = signingInput(header, claims);
  return `${text}.${encode(signatureOf(text, key))}`;
}

/** A token whose signature is a MAC over a secret that everybody knows. */
export function macToken(
  algorithm: "HS256" | "HS384" | "HS512",
  secret: string | Buffer,
  header: object,
  claims: object,
) {
  const text = signingInput({ ...header, alg: algorithm }, claims);
  return `${text}.${encode(
    createHmac(`sha${algorithm.slice(2)}`, secret)
      .update(text)
      .digest(),
  )}`;
}
