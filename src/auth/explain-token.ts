/** In charge of saying what the gateway makes of a token: what it claims, whom it is taken for, or the first rule that refuses it. */
import { decodeJwt } from "jose";
import type { TokenExplanation } from "../caller.js";
import { settingsFor } from "../database/settings.js";
import { createAuthenticate } from "./authenticate.js";
import type { TokenRules } from "./bearer-token.js";
import { readFacts } from "./claims.js";
import { CredentialError } from "./credential-error.js";

const noLimits = { statementTimeoutMillis: 0, lockTimeoutMillis: 0, idleInTransactionTimeoutMillis: 0 };
const reading = { mode: "read", isSingleStatement: true, changesAuthority: false, requestId: "" } as const;

/** Explains a token by the very rules that requests are judged by. Rejects only when the keys of its issuer can't be had. */
export async function explainToken(token: string, rules: TokenRules): Promise<TokenExplanation> {
  const claims = claimsOf(token);
  const provider = typeof claims?.iss === "string" ? await rules.findProvider(claims.iss) : null;
  const known = { provider: provider?.code ?? null, claims };
  try {
    const shown = { authorization: `Bearer ${token}`, apiKey: null, tenant: null, actAs: null };
    const caller = await createAuthenticate(rules)(shown);
    const settings = settingsFor(caller, reading, noLimits).filter(([name]) => name.startsWith("app."));
    const facts = claims !== null && provider !== null ? readFacts(claims, provider.mapping) : null;
    return { ...known, facts, settings, rejection: null };
  } catch (error) {
    if (!(error instanceof CredentialError)) throw error;
    return { ...known, facts: null, settings: [], rejection: String(error.reason) };
  }
}

function claimsOf(token: string): ReturnType<typeof decodeJwt> | null {
  try {
    return decodeJwt(token);
  } catch {
    return null;
  }
}
