/** In charge of the development issuer: its key is made once, kept to itself, and signs what the gateway accepts. */
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { createAuthenticate } from "../../src/auth/authenticate.js";
import { demoIssuerName, ensureDemoIssuer, signDemoToken } from "../../src/auth/demo-issuer.js";
import { createProviders } from "../../src/auth/providers.js";
import { StartupError } from "../../src/errors.js";

const folder = await mkdtemp(join(tmpdir(), "portcullis-issuer-"));
afterAll(() => rm(folder, { recursive: true }));

describe("the demo issuer", () => {
  it("keeps the key it made first, even when many ask at once, readable by its owner only", async () => {
    const asked = await Promise.all(Array.from({ length: 20 }, () => ensureDemoIssuer(folder)));
    const kept = await ensureDemoIssuer(folder);
    for (const one of asked) expect(one).toEqual(kept);
    expect((await stat(join(folder, "demo-issuer.json"))).mode & 0o777).toBe(0o600);
  });

  it("publishes no private key", async () => {
    const { d } = JSON.parse(await readFile(join(folder, "demo-issuer.json"), "utf8"));
    expect(JSON.stringify((await ensureDemoIssuer(folder)).jwks)).not.toContain(d);
  });

  it("signs tokens that are accepted, in the tenant they name", async () => {
    const issuer = await ensureDemoIssuer(folder);
    const row = {
      code: "demo",
      issuer: issuer.issuer,
      audience: [issuer.audience],
      algorithms: ["ES256"],
      jwks: issuer.jwks,
      claims: {},
    };
    const { find } = createProviders({ readRows: async () => [row] });
    const authenticate = createAuthenticate({ findProvider: find, maxLifetimeSeconds: 86_400 });
    const token = await signDemoToken(issuer, {
      subject: "alice@acme.test",
      email: "alice@acme.test",
      tenant: "acme",
      lifetimeSeconds: 3_600,
    });
    expect(
      await authenticate({ authorization: `Bearer ${token}`, apiKey: null, tenant: null, actAs: null }),
    ).toMatchObject({
      issuer: demoIssuerName,
      subject: "alice@acme.test",
      tenant: "acme",
    });
  });

  it("refuses a damaged key file, and says what to do", async () => {
    const damaged = await mkdtemp(join(tmpdir(), "portcullis-issuer-"));
    await writeFile(join(damaged, "demo-issuer.json"), "{");
    await expect(ensureDemoIssuer(damaged)).rejects.toThrow(StartupError);
    await rm(damaged, { recursive: true });
  });
});
