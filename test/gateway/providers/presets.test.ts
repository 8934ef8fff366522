/** In charge of the presets: for each make of provider a token as it writes them, signed by a mock of its server, and what it stands for. */
import { OAuth2Server } from "oauth2-mock-server";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createAuthenticate } from "../../../src/auth/authenticate.js";
import { explainToken } from "../../../src/auth/explain-token.js";
import { presets } from "../../../src/auth/presets.js";
import { createProviders } from "../../../src/auth/providers.js";

interface Fixture {
  readonly issuer: string;
  /** The audience that the provider's row names. */
  readonly audience: string;
  readonly typ?: string;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly facts: Readonly<Record<string, unknown>>;
}

const nothing = { tenant: null, email: null, groups: [], roles: [] };
const uuid = "4c1b8b1e-6f0f-4d5c-9d5b-0d5a1b2c3d4e";

const fixtures: Readonly<Record<keyof typeof presets, Fixture>> = {
  oidc: {
    issuer: "https://id.acme.test",
    audience: "portcullis",
    typ: "at+jwt",
    claims: {
      sub: "alice",
      aud: "portcullis",
      groups: ["eng"],
      roles: "admin auditor",
      scope: "openid",
      tenant: "acme",
    },
    facts: { ...nothing, subject: "alice", tenant: "acme", groups: ["eng"], roles: ["admin", "auditor"] },
  },
  keycloak: {
    issuer: "https://sso.acme.test/realms/acme",
    audience: "portcullis",
    typ: "JWT",
    claims: {
      ...{ sub: uuid, aud: ["portcullis", "account"], azp: "web", typ: "Bearer", scope: "openid profile email" },
      ...{ email: "Alice@acme.test", email_verified: true, preferred_username: "alice" },
      realm_access: { roles: ["offline_access", "admin"] },
      resource_access: { account: { roles: ["manage-account"] } },
      groups: ["/eng/backend", "/eng"],
      organization: { acme: { id: "1" } },
    },
    facts: {
      ...{ subject: uuid, tenant: "acme", email: "alice@acme.test" },
      ...{ groups: ["eng", "eng/backend"], roles: ["admin", "offline_access"] },
    },
  },
  auth0: {
    issuer: "https://acme.eu.auth0.test/",
    audience: "https://api.acme.test",
    typ: "at+jwt",
    claims: {
      ...{
        sub: "auth0|5f7c8ec7c33c6c004bbafe82",
        aud: ["https://api.acme.test", "https://acme.eu.auth0.test/userinfo"],
      },
      ...{ azp: "web", scope: "openid", org_id: "org_1", org_name: "acme", permissions: ["read:todos"] },
    },
    facts: { ...nothing, subject: "auth0|5f7c8ec7c33c6c004bbafe82", tenant: "acme", roles: ["read:todos"] },
  },
  supabase: {
    issuer: "https://ref.supabase.test/auth/v1",
    audience: "authenticated",
    typ: "JWT",
    claims: {
      ...{
        sub: uuid,
        aud: "authenticated",
        role: "authenticated",
        email: "alice@acme.test",
        aal: "aal1",
        is_anonymous: false,
      },
      app_metadata: { provider: "email", groups: ["eng"], roles: ["admin"] },
      user_metadata: { email_verified: true, groups: ["root"], tenant: "globex" },
    },
    facts: { ...nothing, subject: uuid, groups: ["eng"], roles: ["admin"] },
  },
  entra: {
    issuer: "https://login.microsoftonline.test/7d1/v2.0",
    audience: "api-client-id",
    typ: "JWT",
    claims: {
      ...{
        sub: "pairwise",
        tid: "7d1",
        oid: "0a9",
        aud: "api-client-id",
        preferred_username: "alice@acme.test",
        scp: "api",
      },
      ...{ groups: ["8f0c", "1a2b"], roles: ["Admin"], ver: "2.0" },
    },
    facts: { ...nothing, subject: "7d1:0a9", groups: ["1a2b", "8f0c"], roles: ["Admin"] },
  },
  cognito: {
    issuer: "https://cognito-idp.eu-west-1.amazonaws.test/pool",
    audience: "app-client",
    claims: {
      ...{ sub: uuid, client_id: "app-client", token_use: "access", username: "alice", scope: "api/read" },
      "cognito:groups": ["eng"],
    },
    facts: { ...nothing, subject: uuid, groups: ["eng"] },
  },
};

const server = new OAuth2Server();

beforeAll(async () => {
  await server.issuer.keys.generate("RS256");
  await server.start(0, "127.0.0.1");
});
afterAll(() => server.stop());

async function tokenOf({ issuer, typ, claims }: Fixture, changes: Readonly<Record<string, unknown>> = {}) {
  return await server.issuer.buildToken({
    scopesOrTransform: (header, payload) => {
      Object.assign(header, { typ });
      for (const name of Object.keys(payload)) if (!["iat", "exp", "nbf"].includes(name)) delete payload[name];
      Object.assign(payload, { iss: issuer, ...claims, ...changes });
    },
  });
}

function rulesFor(preset: string, { issuer, audience }: Fixture) {
  const jwksUri = `http://127.0.0.1:${server.address().port}/jwks`;
  const row = {
    code: preset,
    preset,
    issuer,
    audience: [audience],
    algorithms: ["RS256"],
    claims: {},
    jwks: null,
    jwks_uri: jwksUri,
  };
  const providers = createProviders({ readRows: async () => [row] });
  return { findProvider: providers.find, maxLifetimeSeconds: 86_400 };
}

describe.each(Object.entries(fixtures))("a token of %s", (preset, fixture) => {
  const enter = async (changes: Readonly<Record<string, unknown>>) =>
    await createAuthenticate(rulesFor(preset, fixture))({
      ...{ authorization: `Bearer ${await tokenOf(fixture, changes)}`, apiKey: null, tenant: null, actAs: null },
    }).then(
      ({ kind }) => kind,
      (error: { readonly reason: string }) => error.reason,
    );

  it("stands for what its make puts where", async () => {
    const explained = await explainToken(await tokenOf(fixture), rulesFor(preset, fixture));
    expect(explained).toMatchObject({ provider: preset, facts: fixture.facts, rejection: null });
    expect(Object.fromEntries(explained.settings)).toMatchObject({
      "app.issuer": fixture.issuer,
      "app.subject": fixture.facts["subject"],
      "app.tenant": fixture.facts["tenant"] ?? "",
    });
  });

  it("is refused for another audience, without one, and after its end", async () => {
    const claim = presets[preset as keyof typeof presets].audienceClaim;
    expect(await enter({})).toBe("token");
    expect(await enter({ [claim]: "elsewhere" })).toBe("BAD_AUDIENCE");
    expect(await enter({ [claim]: undefined })).toBe("BAD_AUDIENCE");
    expect(await enter({ iat: 1_000, nbf: 1_000, exp: 2_000 })).toBe("TOKEN_EXPIRED");
  });

  it("is refused from an issuer that differs by a slash", async () => {
    const issuer = fixture.issuer.endsWith("/") ? fixture.issuer.slice(0, -1) : `${fixture.issuer}/`;
    expect(await enter({ iss: issuer })).toBe("UNKNOWN_ISSUER");
  });
});

describe("what a make does not mean", () => {
  it("denies an ID token of Cognito, and an Entra token without its tenant", async () => {
    const { cognito, entra } = fixtures;
    const explain = async (preset: string, fixture: Fixture, changes: object) =>
      (await explainToken(await tokenOf(fixture, { ...changes }), rulesFor(preset, fixture))).rejection;
    expect(await explain("cognito", cognito, { token_use: "id", aud: "app-client" })).toBe("BAD_CLAIMS");
    expect(await explain("entra", entra, { tid: undefined })).toBe("BAD_SUBJECT");
  });

  it.each(["ID", "Refresh", "Offline", "Logout", undefined])("denies a token of Keycloak that says %s", async (typ) => {
    const { keycloak } = fixtures;
    const token = await tokenOf(keycloak, { typ });
    expect((await explainToken(token, rulesFor("keycloak", keycloak))).rejection).toBe("BAD_CLAIMS");
  });
});
