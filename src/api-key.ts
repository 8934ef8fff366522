/** In charge of the form of an API key, `pk_<id>_<secret>`: making one, and reading one as far as that costs no database. */
import { createHash, randomInt } from "node:crypto";
import { crc32 } from "node:zlib";

/** What the database is told of a key that was shown. */
export interface ApiKeyFacts {
  /** Names the key; may be seen. */
  readonly publicId: string;
  /** SHA-256 of the secret, in hex: all that is ever stored or compared. */
  readonly secretHash: string;
}

/** A secret that was just made, and the only chance to see it. */
export interface MintedSecret {
  readonly secretHash: string;
  /** The whole key, once it is known which one it is for. */
  readonly keyFor: (publicId: string) => string;
}

const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const idLength = 16;
// 40 of 62 letters are 238 bits: nobody guesses one, so its plain hash is as good as a slow one, and is compared as it is.
const secretLength = 40;
const checksumLength = 6;
const form = new RegExp(`^pk_([0-9A-Za-z]{8,32})_([0-9A-Za-z]{${secretLength}})([0-9A-Za-z]{${checksumLength}})$`);

/** Reads a key; null when it has another form, or was mistyped: the last six letters are a checksum. */
export function readApiKey(text: string): ApiKeyFacts | null {
  const [, publicId, secret, checksum] = form.exec(text) ?? [];
  if (publicId === undefined || secret === undefined) return null;
  return checksum === checksumOf(publicId, secret) ? { publicId, secretHash: hashOf(secret) } : null;
}

/** Makes the public name of a new key. */
export function mintPublicId(): string {
  return randomLetters(idLength);
}

/** Makes a secret, for a new key or for one that is rotated. */
export function mintSecret(): MintedSecret {
  const secret = randomLetters(secretLength);
  return {
    secretHash: hashOf(secret),
    keyFor: (publicId) => `pk_${publicId}_${secret}${checksumOf(publicId, secret)}`,
  };
}

function hashOf(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}

// As GitHub's tokens have it: what was cut off, or found by a scanner and is none, is told apart without asking anybody.
function checksumOf(publicId: string, secret: string): string {
  let rest = crc32(`pk_${publicId}_${secret}`);
  let letters = "";
  while (letters.length < checksumLength) {
    letters = `${alphabet.charAt(rest % alphabet.length)}${letters}`;
    rest = Math.floor(rest / alphabet.length);
  }
  return letters;
}

function randomLetters(length: number): string {
  return Array.from({ length }, () => alphabet.charAt(randomInt(alphabet.length))).join("");
}
