/** In charge of the public keys that tokens are verified with: which of a provider's list are fit for it. */
import { createPublicKey } from "node:crypto";
import { createLocalJWKSet, type JWK, type JWTVerifyGetKey } from "jose";
import { z } from "zod";

// What can't verify a signature, or must never be in a public set, is left out: then its tokens have no key.
const publicKey = z
  .object({
    kty: z.enum(["RSA", "EC", "OKP"]),
    d: z.undefined().optional(),
    use: z.literal("sig").optional(),
    key_ops: z.array(z.string()).optional(),
  })
  .loose();
const keySet = z.object({ keys: z.array(z.unknown()).max(100) });

/**
 * The keys of a list.
 * @throws ZodError when it isn't a key set at all
 */
export function createKeySet(jwks: unknown): JWTVerifyGetKey {
  const { keys } = keySet.parse(jwks);
  return createLocalJWKSet({ keys: keys.filter(canVerify).filter(isSound) });
}

function canVerify(key: unknown): key is JWK {
  const parsed = publicKey.safeParse(key);
  return parsed.success && (parsed.data.key_ops?.includes("verify") ?? true);
}

const smallestModulusBits = 2_048;
const smallestExponent = 65_537n;

// Points beside their curve can't be imported; small RSA keys and exponents can, and protect nothing.
function isSound(key: JWK): boolean {
  try {
    const { asymmetricKeyDetails: details } = createPublicKey({ key, format: "jwk" });
    return (
      (details?.modulusLength ?? smallestModulusBits) >= smallestModulusBits &&
      (details?.publicExponent ?? smallestExponent) >= smallestExponent
    );
  } catch {
    return false;
  }
}
