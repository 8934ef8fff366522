/** In charge of `portcullis token explain`: what the gateway makes of a token, and the database of its caller, as JSON. */
import { createAuthenticate } from "../auth/authenticate.js";
import { explainToken } from "../auth/explain-token.js";
import { createProviders } from "../auth/providers.js";
import type { Config } from "../config.js";
import { readProviderRows } from "../database/provider-rows.js";
import { whoIs } from "../database/who-is.js";
import { withDatabase } from "./with-database.js";

/** Prints what is made of a token by the providers of the configured database. */
export async function printExplanation(config: Config, token: string): Promise<void> {
  await withDatabase(config, ({ url }) => print(url, config, token));
}

async function print(url: string, config: Config, token: string): Promise<void> {
  const providers = createProviders({ readRows: () => readProviderRows(url) });
  const rules = { findProvider: providers.find, maxLifetimeSeconds: config.tokenMaxLifetimeSeconds };
  const authorization = `Bearer ${token.replace(/^Bearer +/i, "")}`;
  const { settings, ...explanation } = await explainToken(authorization.slice("Bearer ".length), rules);
  const session =
    explanation.rejection === null
      ? await whoIs(url, await createAuthenticate(rules)({ authorization, apiKey: null, tenant: null, actAs: null }))
      : null;
  const told = { ...explanation, settings: Object.fromEntries(settings), session };
  process.stdout.write(`${JSON.stringify(told, null, 2)}\n`);
}
