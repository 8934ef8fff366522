/** In charge of turning what a request shows into a Caller: credential in, caller out. */
import { readApiKey } from "../api-key.js";
import type { Caller, TokenCaller } from "../caller.js";
import { GatewayError } from "../errors.js";
import type { TokenRules } from "./bearer-token.js";
import { readFacts, type TokenFacts } from "./claims.js";
import { CredentialError } from "./credential-error.js";
import type { Provider } from "./providers.js";
import { createVerifyToken } from "./verified-tokens.js";

/** The headers of a request that say who is asking, and where. */
export interface ShownCredentials {
  /** `authorization`, as it came. */
  readonly authorization: string | null;
  /** `x-api-key`, as it came. */
  readonly apiKey: string | null;
  /** `x-tenant`, as it came. */
  readonly tenant: string | null;
  /** `x-act-as`, as it came. */
  readonly actAs: string | null;
}

const longestSlug = 128;
const longestEmail = 254;

/** Decides who is asking. */
export type Authenticate = (shown: ShownCredentials) => Promise<Caller>;

/**
 * An authenticator over these rules. No credential is an anonymous caller; two, or one that fails, is nobody.
 * @throws CredentialError (UNAUTHENTICATED) from the returned function, and BAD_USER_INPUT for a tenant that can't be one
 */
export function createAuthenticate(rules: TokenRules): Authenticate {
  const verify = createVerifyToken(rules);
  return async ({ authorization, apiKey, ...named }) => {
    if (authorization !== null && apiKey !== null) throw new CredentialError("TWO_CREDENTIALS");
    const tenant = readName("x-tenant", named.tenant, longestSlug);
    const actAs = readName("x-act-as", named.actAs, longestEmail);
    if (actAs !== null && authorization === null)
      throw new GatewayError("BAD_USER_INPUT", "The header x-act-as goes with a bearer token only.");
    if (apiKey !== null) return apiKeyCaller(apiKey, tenant);
    if (authorization === null) return { kind: "anonymous", tenant };
    const { provider, claims, expiresAt } = await verify(readBearer(authorization));
    const issuedAt = claims.iat ?? null;
    return tokenCaller(
      { provider, facts: readFacts(claims, provider.mapping), expiresAt, issuedAt },
      { tenant, actAs },
    );
  };
}

interface Verified {
  readonly provider: Provider;
  readonly facts: TokenFacts;
  readonly expiresAt: number;
  readonly issuedAt: number | null;
}

function tokenCaller(
  { provider, facts, expiresAt, issuedAt }: Verified,
  chosen: Pick<TokenCaller, "tenant" | "actAs">,
): Caller {
  const { email, groups, roles } = facts;
  const { provisions, mapsGroups } = provider;
  return {
    kind: "token",
    issuer: provider.issuer,
    subject: facts.subject,
    tenant: chosen.tenant ?? facts.tenant,
    actAs: chosen.actAs,
    expiresAt,
    ...(provisions || mapsGroups ? { profile: { provisions, email, groups, roles, issuedAt } } : {}),
  };
}

function apiKeyCaller(shown: string, tenant: string | null): Caller {
  const facts = readApiKey(shown);
  if (facts === null) throw new CredentialError("BAD_API_KEY");
  return { kind: "apiKey", ...facts, tenant };
}

// Two Authorization headers arrive here joined by a comma, which no token contains.
function readBearer(authorization: string): string {
  const match = /^Bearer +([^\s]+) *$/i.exec(authorization);
  if (match?.[1] === undefined)
    throw new CredentialError(/,\s*\S/.test(authorization) ? "TWO_CREDENTIALS" : "UNKNOWN_SCHEME");
  return match[1];
}

function readName(header: string, value: string | null, longest: number): string | null {
  if (value === null || value.trim() === "") return null;
  if (value.length > longest) throw new GatewayError("BAD_USER_INPUT", `The header ${header} is too long.`);
  return value;
}
