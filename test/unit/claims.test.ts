/** In charge of finding subject and tenant in the claims of every kind of provider. */
import { describe, expect, it } from "vitest";
import { parseClaimPaths, readFacts } from "../../src/auth/claims.js";

describe("the facts of a token", () => {
  it("are read where they usually are", () => {
    expect(readFacts({ sub: "alice", tenant: "acme" }, parseClaimPaths({}))).toEqual({
      subject: "alice",
      tenant: "acme",
    });
    expect(readFacts({ sub: "alice" }, parseClaimPaths(null))).toEqual({ subject: "alice", tenant: null });
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
    const { subject, tenant } = readFacts(claims, parseClaimPaths(paths));
    expect([subject, tenant]).toEqual(["alice", "tenant" in paths ? "acme" : null]);
  });

  it("are never read from what every object inherits", () => {
    expect(readFacts({ sub: "alice" }, parseClaimPaths({ tenant: ["constructor", "name"] })).tenant).toBeNull();
  });

  it("reads a path that is none as the usual place", () => {
    expect(parseClaimPaths({ subject: [1, 2], tenant: 7 })).toEqual(parseClaimPaths({}));
  });

  it.each(["", "a b", "é", "a\u0000b", 7, ["alice"], null, undefined])("rejects the subject %j", (sub) => {
    expect(() => readFacts({ sub } as never, parseClaimPaths({}))).toThrow("The credential is not accepted.");
  });
});
