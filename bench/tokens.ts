/**
 * In charge of what a bearer token costs before anything is asked: verified, and remembered from the last ten seconds.
 * `npx tsx bench/tokens.ts` takes some seconds and prints microseconds and the ratio for each algorithm.
 */
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { createAuthenticate } from "../src/auth/authenticate.js";
import type { TokenRules } from "../src/auth/bearer-token.js";
import { createProviders } from "../src/auth/providers.js";

const callers = 200;
const rounds = 7;
const issuer = "https://issuer.test/";

interface Measured {
  readonly rules: TokenRules;
  readonly tokens: readonly string[];
}

async function prepare(algorithm: string): Promise<Measured> {
  const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true });
  const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: "key", alg: algorithm, use: "sig" }] };
  const row = { code: "bench", issuer, audience: ["portcullis"], algorithms: [algorithm], jwks, claims: {} };
  const providers = createProviders({ readRows: async () => [row] });
  const sign = (subject: string) =>
    new SignJWT({ email: `${subject}@bench.test`, email_verified: true, groups: ["eng", "ops"] })
      .setProtectedHeader({ alg: algorithm, kid: "key", typ: "at+jwt" })
      .setIssuer(issuer)
      .setAudience("portcullis")
      .setSubject(subject)
      .setIssuedAt()
      .setExpirationTime("5m")
      .sign(privateKey);
  return {
    rules: { findProvider: providers.find, maxLifetimeSeconds: 3_600 },
    tokens: await Promise.all(Array.from({ length: callers }, (_, index) => sign(`caller-${index}`))),
  };
}

async function microsPerToken({ rules, tokens }: Measured, isRemembered: boolean): Promise<number> {
  const shared = createAuthenticate(rules);
  const enter = (token: string) => {
    const authenticate = isRemembered ? shared : createAuthenticate(rules);
    return authenticate({ authorization: `Bearer ${token}`, apiKey: null, tenant: null, actAs: null });
  };
  for (const token of tokens) await enter(token);
  const begun = process.hrtime.bigint();
  for (const token of tokens) await enter(token);
  return Number(process.hrtime.bigint() - begun) / 1_000 / tokens.length;
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? 0;
}

for (const algorithm of ["ES256", "RS256", "EdDSA"]) {
  const measured = await prepare(algorithm);
  const [verified, remembered]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round += 1) {
    verified.push(await microsPerToken(measured, false));
    remembered.push(await microsPerToken(measured, true));
  }
  const [slow, quick] = [median(verified), median(remembered)];
  console.log(
    `${algorithm}  verified ${slow.toFixed(1)} µs  remembered ${quick.toFixed(1)} µs  ratio ${(slow / quick).toFixed(0)}`,
  );
}
