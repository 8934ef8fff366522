/** In charge of `portcullis seed`: the demo world, once. */
import { ensureDemoIssuer } from "../auth/demo-issuer.js";
import type { Config } from "../config.js";
import { StartupError } from "../errors.js";
import { prepareDatabase, requireAdminUrl } from "./prepare-database.js";

/**
 * Brings the database up to date and writes the demo world unless it is there.
 * @throws StartupError, in production always
 */
export async function seedDatabase(config: Config): Promise<void> {
  if (config.isProduction) throw new StartupError("There is no demo world in production.", "Leave NODE_ENV unset.");
  const database = await prepareDatabase(config, await ensureDemoIssuer(config.dataFolder));
  try {
    requireAdminUrl(database);
  } finally {
    await database.stop();
  }
  process.stdout.write("The demo world is there.\n");
}
