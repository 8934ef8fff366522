/** In charge of a true OpenID provider on loopback: found by its issuer alone, its tokens taken, its rotated keys followed. */
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, type JWK } from "jose";
import { Provider } from "oidc-provider";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createAuthenticate } from "../../../src/auth/authenticate.js";
import { createProviders } from "../../../src/auth/providers.js";

let server: Server;
let issuer: string;
let handle: RequestListener;
let clock = 0;
let asked: string[] = [];

async function newKey(kid: string): Promise<JWK> {
  const { privateKey } = await generateKeyPair("ES256", { extractable: true });
  return { ...(await exportJWK(privateKey)), kid, alg: "ES256", use: "sig" };
}

function useKeys(keys: readonly JWK[]): void {
  const provider = new Provider(issuer, {
    jwks: { keys: [...keys] as never },
    clients: [
      {
        client_id: "nightly",
        client_secret: "a-secret-of-the-test",
        grant_types: ["client_credentials"],
        redirect_uris: [],
        response_types: [],
        id_token_signed_response_alg: "ES256",
      },
    ],
    extraTokenClaims: () => ({ tenant: "acme", groups: ["eng"], roles: ["admin"] }),
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => "urn:portcullis",
        getResourceServerInfo: (_context, resource) => ({
          scope: "api",
          audience: resource === "urn:portcullis" ? "portcullis" : "elsewhere",
          accessTokenFormat: "jwt",
          accessTokenTTL: 600,
          jwt: { sign: { alg: "ES256" } },
        }),
      },
    },
  });
  handle = provider.callback();
}

beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push(request.url ?? "");
    handle(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

async function tokenFor(resource = "urn:portcullis"): Promise<string> {
  const response = await fetch(`${issuer}/token`, {
    method: "POST",
    headers: { authorization: `Basic ${Buffer.from("nightly:a-secret-of-the-test").toString("base64")}` },
    body: new URLSearchParams({ grant_type: "client_credentials", resource, scope: "api" }),
  });
  if (!response.ok) throw new TypeError(await response.text());
  const { access_token: token } = (await response.json()) as { readonly access_token: string };
  return token;
}

function gate() {
  const row = {
    code: "true",
    issuer,
    audience: ["portcullis"],
    algorithms: ["ES256"],
    jwks: null,
    claims: {},
    maps_groups: true,
  };
  const providers = createProviders({ readRows: async () => [row], now: () => clock });
  const authenticate = createAuthenticate({ findProvider: providers.find, maxLifetimeSeconds: 3_600 });
  return (token: string) =>
    authenticate({ authorization: `Bearer ${token}`, apiKey: null, tenant: null, actAs: null }).catch(
      (error: { readonly reason: string }) => error.reason,
    );
}

describe("a true provider", () => {
  it("is found by its issuer alone, and its access token says who, where and in which groups", async () => {
    useKeys([await newKey("first")]);
    asked = [];
    expect(await gate()(await tokenFor())).toEqual({
      kind: "token",
      issuer,
      subject: "nightly",
      tenant: "acme",
      actAs: null,
      expiresAt: expect.any(Number),
      profile: { provisions: false, email: null, groups: ["eng"], roles: ["admin"] },
    });
    expect(asked).toEqual(["/token", "/.well-known/openid-configuration", "/jwks"]);
  });

  it("is refused with a token for another audience", async () => {
    useKeys([await newKey("first")]);
    expect(await gate()(await tokenFor("urn:elsewhere"))).toBe("BAD_AUDIENCE");
  });

  it("rotates its keys: the new one is taken at once, the removed one refused within a minute", async () => {
    const [old, fresh] = [await newKey("old"), await newKey("fresh")];
    useKeys([old]);
    const enter = gate();
    const first = await tokenFor();
    expect(await enter(first)).toMatchObject({ subject: "nightly" });
    useKeys([fresh]);
    const second = await tokenFor();
    clock += 31_000;
    expect(await enter(second)).toMatchObject({ subject: "nightly" });
    expect(await enter(first)).toBe("UNKNOWN_KEY");
  });

  it("keeps its users in while it is down", async () => {
    useKeys([await newKey("only")]);
    const enter = gate();
    const token = await tokenFor();
    await enter(token);
    handle = (_request, response) => void response.writeHead(503).end();
    clock += 3_600_000;
    expect(await enter(token)).toMatchObject({ subject: "nightly" });
  });
});
