/** In charge of finding in a token's claims the facts the gateway needs, wherever its provider puts them. */
import type { JWTPayload } from "jose";
import { CredentialError } from "./credential-error.js";

/** Where a claim stands: a list of keys, from the outside in. A key may hold dots, colons and slashes. */
export type ClaimPath = readonly string[];

/** Where one fact is found, and what is done to it. */
export interface ClaimRule {
  /** The first that is there counts; of lists, all of them; with `join`, all of them in one. */
  readonly paths: readonly ClaimPath[];
  /** What stands between the parts of a fact that is put together: tid:oid. */
  readonly join: string | null;
  /** Taken away where a value begins with it. */
  readonly stripPrefix: string;
  /** Whether the only element of a list, or the only key of an object, is meant; of several, none. */
  readonly isOnly: boolean;
}

/** Where one provider puts what. */
export interface ClaimMapping {
  readonly subject: ClaimRule;
  readonly tenant: ClaimRule;
  readonly email: ClaimRule;
  /** Where it says that the address was verified; null: every address of this provider is taken to be. */
  readonly emailVerified: ClaimRule | null;
  readonly groups: ClaimRule;
  readonly roles: ClaimRule;
  /** Claims that must have this value: `{ token_use: "access" }`. */
  readonly required: Readonly<Record<string, string>>;
}

/** What is read from a token besides its issuer and its times. */
export interface TokenFacts {
  readonly subject: string;
  /** The slug of a tenant, else null. */
  readonly tenant: string | null;
  /** An address that the provider has verified, else null. */
  readonly email: string | null;
  readonly groups: readonly string[];
  readonly roles: readonly string[];
}

const usual = { subject: "sub", tenant: "tenant", email: "email", emailVerified: "email_verified" } as const;
const nowhere: ClaimRule = { paths: [], join: null, stripPrefix: "", isOnly: false };

/**
 * Reads the `claims` of a provider's row over those of its preset: rules by name, each a key, a list of keys, or
 * `{ paths, join, stripPrefix, only }`. What is not named is where it usually is.
 */
export function parseClaimMapping(...given: readonly unknown[]): ClaimMapping {
  const named = (name: string): ClaimRule | null =>
    given.map((value) => toRule(entryOf(value, name))).find((rule) => rule !== null) ?? null;
  const first = (name: string) => given.map((value) => entryOf(value, name)).find((value) => value !== undefined);
  return {
    subject: named("subject") ?? byKey(usual.subject),
    tenant: named("tenant") ?? byKey(usual.tenant),
    email: named("email") ?? byKey(usual.email),
    emailVerified: first("trustEmail") === true ? null : (named("emailVerified") ?? byKey(usual.emailVerified)),
    groups: named("groups") ?? nowhere,
    roles: named("roles") ?? nowhere,
    required: requirementsIn(first("require")),
  };
}

/**
 * Reads the facts.
 * @throws CredentialError when subject or tenant are there but not what they must be, or a required claim isn't there
 */
export function readFacts(claims: JWTPayload, mapping: ClaimMapping): TokenFacts {
  for (const [name, value] of Object.entries(mapping.required))
    if (follow(claims, [name]) !== value) throw new CredentialError("BAD_CLAIMS");
  return {
    subject: readSubject(claims, mapping.subject),
    tenant: readTenant(claims, mapping.tenant),
    email: readEmail(claims, mapping),
    groups: readList(claims, mapping.groups),
    roles: readList(claims, mapping.roles),
  };
}

// Printable ASCII only: two subjects that differ for us must differ for Postgres, which has neither NUL nor lone surrogates.
const strictText = /^[!-~]{1,128}$/;

function readSubject(claims: JWTPayload, rule: ClaimRule): string {
  const subject = readOne(claims, rule);
  if (typeof subject !== "string" || !strictText.test(subject)) throw new CredentialError("BAD_SUBJECT");
  return subject;
}

function readTenant(claims: JWTPayload, rule: ClaimRule): string | null {
  const tenant = readOne(claims, rule);
  if (tenant === undefined || tenant === null) return null;
  if (typeof tenant !== "string" || !strictText.test(tenant)) throw new CredentialError("BAD_CLAIMS");
  return tenant;
}

// An address is a convenience: one that is no address, or that nobody verified, is none.
function readEmail(claims: JWTPayload, { email, emailVerified }: ClaimMapping): string | null {
  const address = readOne(claims, email);
  const verified = emailVerified === null ? true : readOne(claims, emailVerified);
  if (typeof address !== "string" || (verified !== true && verified !== "true")) return null;
  return /^[!-?A-~]+@[!-?A-~]+$/.test(address) && address.length <= 254 ? address.toLowerCase() : null;
}

function readOne(claims: JWTPayload, { paths, join, stripPrefix, isOnly }: ClaimRule): unknown {
  const found = paths.map((path) => follow(claims, path));
  if (join !== null) return found.every((part) => typeof part === "string") ? found.join(join) : undefined;
  const value = found.find((each) => each !== undefined);
  const meant = isOnly ? onlyOf(value) : value;
  return typeof meant === "string" ? withoutPrefix(meant, stripPrefix) : meant;
}

function onlyOf(value: unknown): unknown {
  const elements = Array.isArray(value) ? value : isRecord(value) ? Object.keys(value) : null;
  if (elements === null) return value;
  return elements.length === 1 ? elements[0] : undefined;
}

/** A list, words in one text, or the keys of an object; what is no text in it is left out. */
function readList(claims: JWTPayload, { paths, stripPrefix }: ClaimRule): readonly string[] {
  const texts = paths.flatMap((path) => textsIn(follow(claims, path)));
  const usable = texts.map((text) => withoutPrefix(text, stripPrefix)).filter((text) => isStorable(text));
  return [...new Set(usable)].sort();
}

function textsIn(value: unknown): readonly string[] {
  if (typeof value === "string") return value.split(" ").filter((word) => word !== "");
  if (Array.isArray(value)) return value.filter((element) => typeof element === "string");
  return isRecord(value) ? Object.keys(value) : [];
}

function isStorable(text: string): boolean {
  return text !== "" && text.length <= 512 && !/\p{Cc}|\p{Cs}/u.test(text);
}

function withoutPrefix(text: string, prefix: string): string {
  return text.startsWith(prefix) ? text.slice(prefix.length) : text;
}

function follow(start: unknown, path: ClaimPath): unknown {
  return path.reduce<unknown>((value, key) => entryOf(value, key), start);
}

function entryOf(value: unknown, key: string): unknown {
  return isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

function byKey(key: string): ClaimRule {
  return { ...nowhere, paths: [[key]] };
}

function toRule(value: unknown): ClaimRule | null {
  if (typeof value === "string") return byKey(value);
  if (isPath(value)) return { ...nowhere, paths: [value] };
  const paths = entryOf(value, "paths");
  if (!Array.isArray(paths) || paths.length === 0 || !paths.every(isPath)) return null;
  const [join, stripPrefix] = [entryOf(value, "join"), entryOf(value, "stripPrefix")];
  return {
    paths,
    join: typeof join === "string" ? join : null,
    stripPrefix: typeof stripPrefix === "string" ? stripPrefix : "",
    isOnly: entryOf(value, "only") === true,
  };
}

function requirementsIn(value: unknown): Readonly<Record<string, string>> {
  if (!isRecord(value)) return {};
  return Object.fromEntries(Object.entries(value).map(([name, wanted]) => [name, String(wanted)]));
}

function isPath(value: unknown): value is ClaimPath {
  return Array.isArray(value) && value.length > 0 && value.every((key) => typeof key === "string");
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
