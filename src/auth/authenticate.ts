/** In charge of turning what a request shows into a Caller: credential in, caller out. */
import type { Caller } from "../caller.js";
import { GatewayError } from "../errors.js";
import { type TokenRules, verifyBearerToken } from "./bearer-token.js";
import { readFacts } from "./claims.js";
import { CredentialError } from "./credential-error.js";

/** The headers of a request that say who is asking, and where. */
export interface ShownCredentials {
  /** `authorization`, as it came. */
  readonly authorization: string | null;
  /** `x-api-key`, as it came. */
  readonly apiKey: string | null;
  /** `x-tenant`, as it came. */
  readonly tenant: string | null;
}

/** Decides who is asking. */
export type Authenticate = (shown: ShownCredentials) => Promise<Caller>;

/**
 * An authenticator over these rules. No credential is an anonymous caller; two, or one that fails, is nobody.
 * @throws CredentialError (UNAUTHENTICATED) from the returned function, and BAD_USER_INPUT for a tenant that can't be one
 */
export function createAuthenticate(rules: TokenRules): Authenticate {
  return async ({ authorization, apiKey, tenant }) => {
    if (authorization !== null && apiKey !== null) throw new CredentialError("TWO_CREDENTIALS");
    if (apiKey !== null) throw new CredentialError("UNKNOWN_SCHEME");
    const chosen = readTenantHeader(tenant);
    if (authorization === null) return { kind: "anonymous", tenant: chosen };
    const { provider, claims, expiresAt } = await verifyBearerToken(readBearer(authorization), rules);
    const facts = readFacts(claims, provider.claimPaths);
    return {
      kind: "token",
      issuer: provider.issuer,
      subject: facts.subject,
      tenant: chosen ?? facts.tenant,
      actAs: null,
      expiresAt,
    };
  };
}

// Two Authorization headers arrive here joined by a comma, which no token contains.
function readBearer(authorization: string): string {
  const match = /^Bearer +([^\s]+) *$/i.exec(authorization);
  if (match?.[1] === undefined)
    throw new CredentialError(/,\s*\S/.test(authorization) ? "TWO_CREDENTIALS" : "UNKNOWN_SCHEME");
  return match[1];
}

function readTenantHeader(tenant: string | null): string | null {
  if (tenant === null || tenant.trim() === "") return null;
  if (tenant.length > 128) throw new GatewayError("BAD_USER_INPUT", "The header x-tenant is too long.");
  return tenant;
}
