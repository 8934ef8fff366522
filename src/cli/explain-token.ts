/** In charge of `portcullis token explain`: what the gateway makes of a token, as JSON. */
import { explainToken } from "../auth/explain-token.js";
import { createProviders } from "../auth/providers.js";
import type { Config } from "../config.js";
import { findRunningServer } from "../database/embedded/running.js";
import { readProviderRows } from "../database/provider-rows.js";
import { embeddedDatabaseName, prepareDatabase } from "./prepare-database.js";

/** Prints what is made of a token by the providers of the configured database. */
export async function printExplanation(config: Config, token: string): Promise<void> {
  const running = config.database.url ?? (await findRunningServer(config.dataFolder, embeddedDatabaseName));
  if (running !== null) return await print(running, config, token);
  const database = await prepareDatabase(config, null);
  try {
    await print(database.url, config, token);
  } finally {
    await database.stop();
  }
}

async function print(url: string, config: Config, token: string): Promise<void> {
  const providers = createProviders({ readRows: () => readProviderRows(url) });
  const rules = { findProvider: providers.find, maxLifetimeSeconds: config.tokenMaxLifetimeSeconds };
  const { settings, ...explanation } = await explainToken(token.replace(/^Bearer +/i, ""), rules);
  process.stdout.write(`${JSON.stringify({ ...explanation, settings: Object.fromEntries(settings) }, null, 2)}\n`);
}
