/** In charge of `portcullis migrate`: roles and tables as this version needs them, and nothing else. */
import type { Config } from "../config.js";
import { prepareDatabase, requireAdminUrl } from "./prepare-database.js";

/**
 * Brings the database up to date; does nothing the second time.
 * @throws StartupError
 */
export async function migrateDatabase(config: Config): Promise<void> {
  const database = await prepareDatabase(config, null);
  try {
    requireAdminUrl(database);
  } finally {
    await database.stop();
  }
  process.stdout.write("The database is up to date.\n");
}
