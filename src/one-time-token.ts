/** In charge of the secrets of one-time tokens: making one, and the hash that is all the database ever knows of it. */
import { createHash, randomBytes } from "node:crypto";

/** A secret of 256 bits: nobody guesses it, so its plain hash is as good as a slow one. */
export function mintTokenSecret(): string {
  return `ot_${randomBytes(32).toString("base64url")}`;
}

/** SHA-256 of a secret, in hex. */
export function hashOfTokenSecret(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}
