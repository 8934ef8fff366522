/** In charge of `portcullis token`: a development token, alone on the last line of stdout. */
import { ensureDemoIssuer, signDemoToken } from "../auth/demo-issuer.js";
import type { Config } from "../config.js";
import { StartupError } from "../errors.js";

/** How long a development token lives. */
export const demoTokenLifetimeSeconds = 43_200;

/** Whom to sign for. */
export interface TokenRequest {
  readonly email: string;
  readonly tenant: string | undefined;
}

/**
 * Prints a token of the demo issuer; the subject of a demo user is his email.
 * @throws StartupError in production, where that issuer must not exist
 */
export async function printToken(config: Config, { email, tenant }: TokenRequest): Promise<void> {
  if (config.isProduction) {
    throw new StartupError("There are no development tokens in production.", "Ask your identity provider for a token.");
  }
  const issuer = await ensureDemoIssuer(config.dataFolder);
  const subject = email.toLowerCase();
  const token = await signDemoToken(issuer, {
    subject,
    email: subject,
    tenant,
    lifetimeSeconds: demoTokenLifetimeSeconds,
  });
  process.stdout.write(`${token}\n`);
}
