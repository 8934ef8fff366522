/** In charge of the providers: which rows are usable, and when they are read again. */
import { describe, expect, it } from "vitest";
import { createProviders } from "../../src/auth/providers.js";
import type { LogEvent } from "../../src/observe/log.js";
import { createTestIssuer } from "../support/tokens.js";

const issuer = await createTestIssuer();

function open(...answers: readonly (readonly unknown[] | Error)[]) {
  const state = { reads: 0, clock: 0, logged: [] as LogEvent[] };
  const providers = createProviders({
    now: () => state.clock,
    log: { write: (event) => state.logged.push(event) },
    readRows: async () => {
      const answer = answers[Math.min(state.reads, answers.length - 1)] ?? [];
      state.reads += 1;
      if (answer instanceof Error) throw answer;
      return answer;
    },
  });
  return { state, providers };
}

describe("the providers", () => {
  it("are read once for known issuers, and again for an unknown one after ten seconds", async () => {
    const { state, providers } = open([], [issuer.row]);
    expect(await providers.find(issuer.issuer)).toBeNull();
    expect(await providers.find(issuer.issuer)).toBeNull();
    expect(state.reads).toBe(1);
    state.clock = 10_000;
    expect((await providers.find(issuer.issuer))?.code).toBe("test");
    expect(await providers.find(issuer.issuer)).not.toBeNull();
    expect(state.reads).toBe(2);
  });

  it("cost one read for a thousand unknown issuers", async () => {
    const { state, providers } = open([issuer.row]);
    await Promise.all(Array.from({ length: 1_000 }, (_, index) => providers.find(`https://unknown.test/${index}`)));
    expect(state.reads).toBe(1);
  });

  it("stay what they were while the database can't be read", async () => {
    const { state, providers } = open([issuer.row], new Error("down"));
    await providers.reload();
    await providers.reload();
    expect(await providers.find(issuer.issuer)).not.toBeNull();
    expect(state.logged).toMatchObject([{ event: "providers_not_read" }]);
  });

  it("are not unknown where they could never be read: an outage is no bad credential", async () => {
    const { state, providers } = open(new Error("down"), [issuer.row]);
    await expect(providers.find(issuer.issuer)).rejects.toMatchObject({ extensions: { code: "UNAVAILABLE" } });
    expect((await providers.find(issuer.issuer))?.code).toBe("test");
    await expect(providers.find("https://unknown.test")).resolves.toBeNull();
    expect(state.reads).toBe(2);
  });

  it("forget one whose row is gone", async () => {
    const { providers } = open([issuer.row], []);
    await providers.reload();
    await providers.reload();
    expect(await providers.find(issuer.issuer)).toBeNull();
  });

  it("accept the tokens of a disabled one: the database says that it opens no session", async () => {
    const { providers } = open([{ ...issuer.row, enabled: false }]);
    expect(await providers.find(issuer.issuer)).not.toBeNull();
  });

  it.each([
    ["no audience", { audience: [] }],
    ["an empty audience", { audience: [""] }],
    ["an empty issuer", { issuer: "" }],
    ["shared secrets only", { algorithms: ["HS256", "none"] }],
    ["no keys, and an issuer that is no address", { issuer: "broken", jwks: null, jwks_uri: null }],
    ["a make that nobody knows", { preset: "acme" }],
    ["an audience in a claim that says nothing of it", { audience_claim: "sub" }],
    ["keys that are none", { jwks: { keys: "?" } }],
  ])("leave out a row with %s, log it by its code, and keep the others", async (_name, change) => {
    const { state, providers } = open([
      { ...issuer.row, issuer: "https://broken.test/", code: "broken", ...change },
      issuer.row,
    ]);
    expect(await providers.find("https://broken.test/")).toBeNull();
    expect(await providers.find(issuer.issuer)).not.toBeNull();
    expect(state.logged).toMatchObject([{ event: "provider_not_usable", provider: "broken" }]);
  });

  it("never take a shared secret, even from a row that names one beside a good algorithm", async () => {
    const { providers } = open([{ ...issuer.row, algorithms: ["HS256", "ES256"] }]);
    expect((await providers.find(issuer.issuer))?.algorithms).toEqual(["ES256"]);
  });
});
