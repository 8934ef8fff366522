/** In charge of the issuer of development tokens: one key pair per data folder. It must not exist in production. */
import { link, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { exportJWK, generateKeyPair, importJWK, type JSONWebKeySet, type JWK, SignJWT } from "jose";
import { z } from "zod";
import { StartupError } from "../errors.js";

/** What signs development tokens, and what its provider's row says of it. */
export interface DemoIssuer {
  readonly issuer: string;
  readonly audience: string;
  readonly privateJwk: JWK;
  readonly jwks: JSONWebKeySet;
}

/** Whom a development token is for. */
export interface DemoTokenRequest {
  readonly subject: string;
  readonly tenant?: string | undefined;
  readonly email: string;
  readonly lifetimeSeconds: number;
}

const keyFile = z.object({
  kty: z.literal("EC"),
  crv: z.literal("P-256"),
  kid: z.string(),
  x: z.string(),
  y: z.string(),
  d: z.string(),
});
type PrivateKey = z.infer<typeof keyFile>;

/** The name development tokens carry as their issuer. */
export const demoIssuerName = "portcullis-demo";
const audience = "portcullis";

/** The demo issuer of a data folder; its key is made on the first call and kept in demo-issuer.json, readable by its owner only. */
export async function ensureDemoIssuer(dataFolder: string): Promise<DemoIssuer> {
  const path = join(dataFolder, "demo-issuer.json");
  const privateKey = (await readKey(path)) ?? (await makeKey(path));
  const { d: _, ...publicKey } = privateKey;
  return {
    issuer: demoIssuerName,
    audience,
    privateJwk: privateKey,
    jwks: { keys: [{ ...publicKey, alg: "ES256", use: "sig" }] },
  };
}

/** Signs a development token. */
export async function signDemoToken(issuer: DemoIssuer, request: DemoTokenRequest): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    email: request.email,
    email_verified: true,
    ...(request.tenant === undefined ? {} : { tenant: request.tenant }),
  };
  return new SignJWT(claims)
    .setProtectedHeader({ alg: "ES256", typ: "at+jwt", kid: issuer.privateJwk.kid ?? "" })
    .setIssuer(issuer.issuer)
    .setAudience(issuer.audience)
    .setSubject(request.subject)
    .setIssuedAt(now)
    .setExpirationTime(now + request.lifetimeSeconds)
    .sign(await importJWK(issuer.privateJwk, "ES256"));
}

async function readKey(path: string): Promise<PrivateKey | null> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw new StartupError(
      `The demo issuer's key can't be read: ${path}`,
      "Give this user the right to read it, or set DATA_FOLDER.",
      { cause: error },
    );
  });
  if (text === null) return null;
  try {
    return keyFile.parse(JSON.parse(text));
  } catch (cause) {
    throw new StartupError(
      `The demo issuer's key is damaged: ${path}`,
      "Delete the file; a new key is made at the next start.",
      { cause },
    );
  }
}

// Linked into place rather than written there: of two that start at once the second finds the first one's key, whole.
async function makeKey(path: string): Promise<PrivateKey> {
  const { privateKey } = await generateKeyPair("ES256", { extractable: true });
  const kid = crypto.randomUUID();
  const made = keyFile.parse({ ...(await exportJWK(privateKey)), kid });
  const draft = `${path}.${kid}`;
  await mkdir(dirname(path), { recursive: true });
  await writeFile(draft, JSON.stringify(made), { mode: 0o600 });
  await link(draft, path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
  });
  await rm(draft);
  return (await readKey(path)) ?? made;
}
