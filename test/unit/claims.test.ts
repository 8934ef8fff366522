/** In charge of finding subject and tenant in the claims of every kind of provider. */
import { describe, expect, it } from "vitest";
import { parseClaimMapping, readFacts } from "../../src/auth/claims.js";

describe("the facts of a token", () => {
  it("are read where they usually are", () => {
    const rest = { email: null, groups: [], roles: [] };
    expect(readFacts({ sub: "alice", tenant: "acme" }, parseClaimMapping({}))).toEqual({
      ...rest,
      subject: "alice",
      tenant: "acme",
    });
    expect(readFacts({ sub: "alice" }, parseClaimMapping(null))).toEqual({ ...rest, subject: "alice", tenant: null });
  });

  it.each([
    ["Entra", { subject: "oid" }, { sub: "pairwise", oid: "alice" }],
    [
      "Zitadel",
      { tenant: "urn:zitadel:iam:user:resourceowner:id" },
      { sub: "alice", "urn:zitadel:iam:user:resourceowner:id": "acme" },
    ],
    ["Auth0", { tenant: ["https://app.example/org"] }, { sub: "alice", "https://app.example/org": "acme" }],
    ["Supabase", { tenant: ["app_metadata", "tenant"] }, { sub: "alice", app_metadata: { tenant: "acme" } }],
  ])("are read where %s puts them", (_name, paths, claims) => {
    const { subject, tenant } = readFacts(claims, parseClaimMapping(paths));
    expect([subject, tenant]).toEqual(["alice", "tenant" in paths ? "acme" : null]);
  });

  it("are never read from what every object inherits", () => {
    expect(readFacts({ sub: "alice" }, parseClaimMapping({ tenant: ["constructor", "name"] })).tenant).toBeNull();
  });

  it("reads a path that is none as the usual place", () => {
    expect(parseClaimMapping({ subject: [1, 2], tenant: 7 })).toEqual(parseClaimMapping({}));
  });

  it.each(["", "a b", "é", "a\u0000b", 7, ["alice"], null, undefined])("rejects the subject %j", (sub) => {
    expect(() => readFacts({ sub } as never, parseClaimMapping({}))).toThrow("The credential is not accepted.");
  });
});

describe("an address", () => {
  const emailIn = (claims: object, mapping: object = {}) =>
    readFacts({ sub: "s", ...claims }, parseClaimMapping(mapping)).email;

  it("is read in lower case when the provider has verified it", () => {
    expect(emailIn({ email: "Alice@Acme.test", email_verified: true })).toBe("alice@acme.test");
    expect(emailIn({ email: "a@b.test", email_verified: "true" })).toBe("a@b.test");
    expect(emailIn({ upn: "a@b.test" }, { email: "upn", trustEmail: true })).toBe("a@b.test");
  });

  it.each([
    { email: "a@b.test" },
    { email: "a@b.test", email_verified: false },
    { email: "a@b.test", email_verified: 1 },
    { email: "no address", email_verified: true },
    { email: "a@b@c", email_verified: true },
    { email: ["a@b.test"], email_verified: true },
    { user_metadata: { email: "a@b.test", email_verified: true } },
  ])("is none in %j", (claims) => {
    expect(emailIn(claims)).toBeNull();
  });
});

describe("groups and roles", () => {
  it.each([
    ["a list", ["b", "a", "b", 7, ""], ["a", "b"]],
    ["words", "b a", ["a", "b"]],
    ["an object's keys", { b: { x: 1 }, a: {} }, ["a", "b"]],
    ["nothing", undefined, []],
    ["a number", 7, []],
    ["what can't be stored", ["a\u0000", "\ud800", "x".repeat(513), "a"], ["a"]],
  ])("are read from %s", (_form, groups, read) => {
    expect(readFacts({ sub: "s", groups }, parseClaimMapping({ groups: "groups" })).groups).toEqual(read);
  });

  it("are read from several places, without their prefix", () => {
    const roles = {
      paths: [
        ["realm_access", "roles"],
        ["resource_access", "api", "roles"],
      ],
      stripPrefix: "app:",
    };
    const claims = { sub: "s", realm_access: { roles: ["app:a"] }, resource_access: { api: { roles: ["b"] } } };
    expect(readFacts(claims, parseClaimMapping({ roles })).roles).toEqual(["a", "b"]);
  });
});

describe("rules", () => {
  it("put a subject together, and refuse one of which a part is missing", () => {
    const mapping = parseClaimMapping({ subject: { paths: [["tid"], ["oid"]], join: ":" } });
    expect(readFacts({ tid: "t", oid: "o" }, mapping).subject).toBe("t:o");
    expect(() => readFacts({ tid: "t" }, mapping)).toThrow("The credential is not accepted.");
  });

  it.each([
    [["acme"], "acme"],
    [{ acme: { id: "1" } }, "acme"],
    [["acme", "globex"], null],
    [[], null],
    ["acme", "acme"],
  ])("read the only element of %j as %j", (organization, tenant) => {
    const mapping = parseClaimMapping({ tenant: { paths: [["organization"]], only: true } });
    expect(readFacts({ sub: "s", organization }, mapping).tenant).toBe(tenant);
  });

  it("refuse a token without a claim that must be there", () => {
    const mapping = parseClaimMapping({ require: { token_use: "access" } });
    expect(readFacts({ sub: "s", token_use: "access" }, mapping).subject).toBe("s");
    for (const token_use of ["id", undefined, ["access"]])
      expect(() => readFacts({ sub: "s", token_use }, mapping)).toThrow("The credential is not accepted.");
  });

  it("of the row come before those of the preset", () => {
    const mapping = parseClaimMapping({ roles: "mine" }, { roles: "theirs", groups: "theirs" });
    const facts = readFacts({ sub: "s", mine: "a", theirs: "b" }, mapping);
    expect([facts.roles, facts.groups]).toEqual([["a"], ["b"]]);
  });
});
