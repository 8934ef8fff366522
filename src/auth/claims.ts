/** In charge of finding in a token's claims the facts the gateway needs, wherever its provider puts them. */
import type { JWTPayload } from "jose";
import { CredentialError } from "./credential-error.js";

/** Where a claim stands: a list of keys, from the outside in. A key may hold dots, colons and slashes. */
export type ClaimPath = readonly string[];

/** Where one provider puts what. */
export interface ClaimPaths {
  readonly subject: ClaimPath;
  readonly tenant: ClaimPath;
}

/** What is read from a token besides its issuer and its times. */
export interface TokenFacts {
  readonly subject: string;
  /** The slug of a tenant, else null. */
  readonly tenant: string | null;
}

const usualPaths: ClaimPaths = { subject: ["sub"], tenant: ["tenant"] };

/** Reads the `claims` of a provider's row: paths by name, each a key or a list of keys. What is not named is where it usually is. */
export function parseClaimPaths(value: unknown): ClaimPaths {
  return {
    subject: pathIn(value, "subject") ?? usualPaths.subject,
    tenant: pathIn(value, "tenant") ?? usualPaths.tenant,
  };
}

/**
 * Reads subject and tenant.
 * @throws CredentialError when one of them is there but is not what it must be
 */
export function readFacts(claims: JWTPayload, paths: ClaimPaths): TokenFacts {
  return { subject: readSubject(claims, paths.subject), tenant: readTenant(claims, paths.tenant) };
}

// Printable ASCII only: two subjects that differ for us must differ for Postgres, which has neither NUL nor lone surrogates.
function readSubject(claims: JWTPayload, path: ClaimPath): string {
  const subject = follow(claims, path);
  if (typeof subject !== "string" || !/^[!-~]{1,128}$/.test(subject)) throw new CredentialError("BAD_SUBJECT");
  return subject;
}

function readTenant(claims: JWTPayload, path: ClaimPath): string | null {
  const tenant = follow(claims, path);
  if (tenant === undefined || tenant === null) return null;
  if (typeof tenant !== "string" || !/^[!-~]{1,128}$/.test(tenant)) throw new CredentialError("BAD_CLAIMS");
  return tenant;
}

function follow(start: unknown, path: ClaimPath): unknown {
  return path.reduce<unknown>(
    (value, key) => (isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined),
    start,
  );
}

function pathIn(value: unknown, name: string): ClaimPath | null {
  const path = isRecord(value) && Object.hasOwn(value, name) ? value[name] : undefined;
  if (typeof path === "string") return [path];
  return Array.isArray(path) && path.every((key) => typeof key === "string") ? path : null;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
