/** In charge of the guides on credentials: each GraphQL block is asked as whom its first line names, in order, and none is refused. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { explainToken } from "../../src/auth/explain-token.js";
import { createProviders } from "../../src/auth/providers.js";
import { createPool, type Pool } from "../../src/database/pool.js";
import { useTestDatabase } from "../support/database.js";
import { type AskAs, gatewayOver } from "../support/gateway-over.js";
import { createTestIssuer } from "../support/tokens.js";

const database = useTestDatabase();
let pool: Pool;
let ask: AskAs;

beforeAll(() => {
  pool = createPool({ url: database.url, size: 2, acquireTimeoutMillis: 10_000, prepare: true });
  ask = gatewayOver(pool).ask;
});
afterAll(() => pool.close());

const textOf = (name: string) => readFileSync(new URL(`../../docs/guides/${name}.md`, import.meta.url), "utf8");
const blocksOf = (name: string) => [...textOf(name).matchAll(/^```graphql\n# (\S+)(?: as (\S+))?\n(.*?)^```$/gms)];
const rows = () => pool.query({ sql: "select * from iam.list_providers()", parameters: [] });

async function follow(name: string): Promise<readonly unknown[]> {
  const answers: unknown[] = [];
  for (const [, who = "", actAs, query = ""] of blocksOf(name)) {
    const tenant = who.startsWith("ada@") ? {} : { "x-tenant": "acme" };
    const { body } = await ask(who, query, {}, { ...tenant, ...(actAs === undefined ? {} : { "x-act-as": actAs }) });
    expect([name, who, body.errors]).toEqual([name, who, undefined]);
    answers.push(body.data);
  }
  return answers;
}

/** What the provider that a guide has made takes this token for: its keys are the test's, nothing else is changed. */
async function explain(code: string, claims: Readonly<Record<string, unknown>>, typ = "at+jwt") {
  const [row] = (await rows()).filter((each) => (each as { readonly code: string }).code === code) as {
    readonly issuer: string;
    readonly audience: readonly string[];
  }[];
  const issuer = await createTestIssuer(row?.issuer);
  const provider = { ...row, algorithms: ["ES256"], jwks: issuer.jwks, jwks_uri: null };
  const providers = createProviders({ readRows: async () => [provider] });
  const token = await issuer.sign({ header: { typ }, claims: { aud: row?.audience[0], ...claims } });
  return explainToken(token, { findProvider: providers.find, maxLifetimeSeconds: 3_600 });
}

describe("the guide", () => {
  it("on Keycloak makes a provider, maps groups, and links who is here already", async () => {
    expect(await follow("keycloak")).toHaveLength(3);
    const { facts } = await explain("sso", {
      ...{ typ: "Bearer", sub: "4c1b8b1e", organization: ["acme"], groups: ["/eng/backend"] },
      ...{ email: "new@acme.test", email_verified: true, realm_access: { roles: ["staff"] } },
    });
    expect(facts).toEqual({
      ...{ subject: "4c1b8b1e", tenant: "acme", email: "new@acme.test" },
      ...{ groups: ["eng/backend"], roles: ["staff"] },
    });
    expect((await explain("sso", { sub: "4c1b8b1e" })).rejection).toBe("BAD_CLAIMS");
  });

  it("on Auth0 finds what its Action writes", async () => {
    expect(await follow("auth0")).toHaveLength(2);
    const { facts } = await explain("auth0", {
      ...{ sub: "auth0|5f7c", org_name: "acme", permissions: ["read:todos"], "https://example/groups": ["eng"] },
      ...{ "https://example/email": "new@acme.test", "https://example/email_verified": true },
    });
    expect(facts).toEqual({
      ...{ subject: "auth0|5f7c", tenant: "acme", email: "new@acme.test", groups: ["eng"], roles: ["read:todos"] },
    });
  });

  it("on any provider finds facts by its rules, and refuses other types and uses of tokens", async () => {
    expect(await follow("generic-oidc")).toHaveLength(2);
    const claims = {
      ...{ tid: "7d1", oid: "0a9", token_use: "access", "urn:example:org": { slug: "acme" } },
      "https://id.example/groups": ["portcullis-eng"],
    };
    expect((await explain("corporate", claims)).facts).toMatchObject({
      subject: "7d1:0a9",
      tenant: "acme",
      groups: ["eng"],
    });
    expect((await explain("corporate", { ...claims, token_use: "id" })).rejection).toBe("BAD_CLAIMS");
    expect((await explain("corporate", claims, "JWT")).rejection).toBe("BAD_TYPE");
  });

  it("on API keys makes one's own and a service's", async () => {
    expect(await follow("api-keys")).toMatchObject([
      { createApiKey: { secret: expect.stringMatching(/^pk_/) } },
      { createApiKey: { secret: expect.stringMatching(/^pk_/) } },
    ]);
  });

  it("on acting as somebody shows what both may see", async () => {
    const [, acted] = await follow("acting-as");
    expect(acted).toMatchObject({ viewer: { user: { email: "bob@acme.test" } }, todos: { nodes: expect.any(Array) } });
  });

  it.each(["keycloak", "auth0", "generic-oidc", "api-keys", "acting-as"])(
    "%s leads to files that are there",
    (name) => {
      for (const [, target = ""] of textOf(name).matchAll(/\]\(([^)#]+)[^)]*\)/g))
        expect(() => readFileSync(new URL(`../../docs/guides/${target}`, import.meta.url))).not.toThrow();
    },
  );
});
