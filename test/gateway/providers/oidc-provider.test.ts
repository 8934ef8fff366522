/** In charge of a true OpenID provider on loopback: found by its issuer alone, its tokens taken, its rotated keys followed. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createAuthenticate } from "../../../src/auth/authenticate.js";
import { createProviders } from "../../../src/auth/providers.js";
import { newSigningKey, nightly, startTrueProvider, type TrueProvider } from "../../support/true-provider.js";

let provider: TrueProvider;
let clock: number;

beforeAll(async () => {
  provider = await startTrueProvider(() => ({ tenant: "acme", groups: ["eng"], roles: ["admin"] }));
});
beforeEach(() => {
  clock = Date.now();
});
afterAll(() => provider.stop());

async function tokenFor(resource = "urn:portcullis"): Promise<string> {
  const response = await fetch(`${provider.issuer}/token`, {
    method: "POST",
    headers: { authorization: `Basic ${Buffer.from(`${nightly.id}:${nightly.secret}`).toString("base64")}` },
    body: new URLSearchParams({ grant_type: "client_credentials", resource, scope: "api" }),
  });
  if (!response.ok) throw new TypeError(await response.text());
  const { access_token: token } = (await response.json()) as { readonly access_token: string };
  return token;
}

function gate() {
  const row = {
    ...{ code: "true", issuer: provider.issuer, audience: ["portcullis"], algorithms: ["ES256"], jwks: null },
    ...{ claims: {}, maps_groups: true },
  };
  const providers = createProviders({ readRows: async () => [row], now: () => clock });
  const authenticate = createAuthenticate({
    findProvider: providers.find,
    maxLifetimeSeconds: 7_200,
    now: () => new Date(clock),
  });
  return (token: string) =>
    authenticate({ authorization: `Bearer ${token}`, apiKey: null, tenant: null, actAs: null }).catch(
      (error: { readonly reason: string }) => error.reason,
    );
}

describe("a true provider", () => {
  it("is found by its issuer alone, and its access token says who, where and in which groups", async () => {
    provider.useKeys(await newSigningKey("first"));
    provider.asked.length = 0;
    expect(await gate()(await tokenFor())).toMatchObject({
      kind: "token",
      issuer: provider.issuer,
      subject: "nightly",
      tenant: "acme",
      actAs: null,
      expiresAt: expect.any(Number),
      profile: { provisions: false, email: null, groups: ["eng"], roles: ["admin"] },
    });
    expect(provider.asked).toEqual(["/token", "/.well-known/openid-configuration", "/jwks"]);
  });

  it("is refused with a token for another audience", async () => {
    provider.useKeys(await newSigningKey("first"));
    expect(await gate()(await tokenFor("urn:elsewhere"))).toBe("BAD_AUDIENCE");
  });

  it("rotates its keys: the new one is taken at once, the removed one refused within a minute", async () => {
    const [old, fresh] = [await newSigningKey("old"), await newSigningKey("fresh")];
    provider.useKeys(old);
    const enter = gate();
    const first = await tokenFor();
    expect(await enter(first)).toMatchObject({ subject: "nightly" });
    provider.useKeys(fresh);
    const second = await tokenFor();
    clock += 31_000;
    expect(await enter(second)).toMatchObject({ subject: "nightly" });
    expect(await enter(first)).toBe("UNKNOWN_KEY");
  });

  it("removes a key while its tokens are in use: they are refused within the minute, at any rhythm", async () => {
    for (const rhythm of [900, 4_900, 9_900, 29_900, 49_900]) {
      clock = Date.now();
      provider.useKeys(await newSigningKey("old"));
      const enter = gate();
      const token = await tokenFor();
      expect(await enter(token)).toMatchObject({ subject: "nightly" });
      provider.useKeys(await newSigningKey("fresh"));
      const removed = clock;
      while (clock - removed < 60_000) {
        clock += rhythm;
        await enter(token);
      }
      expect([rhythm, await enter(token)]).toEqual([rhythm, "UNKNOWN_KEY"]);
    }
  });

  it("keeps its users in while it is down", async () => {
    provider.useKeys(await newSigningKey("only"));
    const enter = gate();
    const token = await tokenFor();
    await enter(token);
    provider.answer((_request, response) => void response.writeHead(503).end());
    clock += 3_600_000;
    expect(await enter(token)).toMatchObject({ subject: "nightly" });
  });
});
