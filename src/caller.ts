/** In charge of the kinds of caller: who we decided a request comes from, the only thing authentication hands on; and from where. */

/** A request without a credential. It acts in the tenant it names, and sees what is open to everybody there. */
export interface AnonymousCaller {
  readonly kind: "anonymous";
  /** The slug of the header `x-tenant`, else null. */
  readonly tenant: string | null;
}

/** A request with a verified bearer token: the token says who, the database says what. */
export interface TokenCaller {
  readonly kind: "token";
  readonly issuer: string;
  readonly subject: string;
  /** The slug of the header `x-tenant`, else the token's tenant claim, else null. */
  readonly tenant: string | null;
  /** The user whom the caller acts as, else null. */
  readonly actAs: string | null;
  /** When the token ends, in seconds since 1970. */
  readonly expiresAt: number;
  /** What his provider tells of him, where that is of any use here. */
  readonly profile?: TokenProfile;
}

/** What is done with it, before the first session: an unknown subject becomes a user, and groups get the members it says. */
export interface TokenProfile {
  /** Whether an unknown subject becomes a user. */
  readonly provisions: boolean;
  /** An address that the provider has verified, else null. */
  readonly email: string | null;
  /** The provider's groups and roles, sorted. */
  readonly groups: readonly string[];
  readonly roles: readonly string[];
  /** When the token was issued, in seconds since 1970; null where it does not say. */
  readonly issuedAt: number | null;
}

/** A request with an API key, of which nothing is known yet but its form: the database says whether there is such a key. */
export interface ApiKeyCaller {
  readonly kind: "apiKey";
  readonly publicId: string;
  /** SHA-256 of the secret that was shown, in hex. */
  readonly secretHash: string;
  /** The slug of the header `x-tenant`, else null: the key's own tenant. */
  readonly tenant: string | null;
}

/** What the gateway makes of a token. */
export interface TokenExplanation {
  /** The code of the provider whose issuer it names. */
  readonly provider: string | null;
  /** What it claims, whether it is genuine or not. */
  readonly claims: Readonly<Record<string, unknown>> | null;
  /** What the provider's rules read in it; null when it is refused. */
  readonly facts: object | null;
  /** What Postgres would be told. */
  readonly settings: ReadonlyArray<readonly [name: string, value: string]>;
  /** The first rule that refuses it; null when it is accepted. */
  readonly rejection: string | null;
}

/** What is known of where a request came from: for the audit, never for a decision. */
export interface RequestOrigin {
  readonly ip: string | null;
  readonly userAgent: string | null;
}

/** Everybody a session can be opened for. */
export type Caller = AnonymousCaller | TokenCaller | ApiKeyCaller;
