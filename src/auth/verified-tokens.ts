/** In charge of remembering, for ten seconds, that a token was found genuine: a signature costs more than the rest of a request. */
import { createHash } from "node:crypto";
import { type TokenRules, type VerifiedToken, verifyBearerToken } from "./bearer-token.js";

/** Verifies a token, or remembers that it did. Rejects as `verifyBearerToken` does. */
export type VerifyToken = (token: string) => Promise<VerifiedToken>;

interface Verdict {
  readonly verified: VerifiedToken;
  readonly at: number;
}

const rememberedMillis = 10_000;
const mostRemembered = 5_000;

/**
 * A verifier that asks for a signature once in ten seconds. Only what was accepted is remembered, by its SHA-256; its end
 * is looked at each time, and a provider that was read again since verifies it anew.
 */
export function createVerifyToken(rules: TokenRules): VerifyToken {
  const verdicts = new Map<string, Verdict>();
  const millis = (): number => rules.now?.().getTime() ?? Date.now();

  const recall = async (name: string): Promise<VerifiedToken | null> => {
    const verdict = verdicts.get(name);
    if (verdict === undefined) return null;
    const { verified, at } = verdict;
    const { provider } = verified;
    if (
      isFresh(at, millis()) &&
      !isOver(verified, millis()) &&
      (await rules.findProvider(provider.issuer)) === provider
    )
      return verified;
    verdicts.delete(name);
    return null;
  };

  return async (token) => {
    const name = createHash("sha256").update(token).digest("base64");
    const known = await recall(name);
    if (known !== null) return known;
    const at = millis();
    const verified = await verifyBearerToken(token, rules);
    const [oldest] = verdicts.keys();
    if (verdicts.size >= mostRemembered && oldest !== undefined) verdicts.delete(oldest);
    verdicts.set(name, { verified, at });
    return verified;
  };
}

// A clock that was set back knows nothing of what was not valid yet.
function isFresh(at: number, now: number): boolean {
  return at <= now && now < at + rememberedMillis;
}

function isOver({ expiresAt, provider }: VerifiedToken, now: number): boolean {
  return expiresAt <= Math.floor(now / 1000) - provider.clockToleranceSeconds;
}
