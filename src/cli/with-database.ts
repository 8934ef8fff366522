/** In charge of the database that a command works on, whether a gateway is running on it at the moment or not. */
import type { Config } from "../config.js";
import { findRunningServer } from "../database/embedded/running.js";
import { embeddedDatabaseName, type PreparedDatabase, prepareDatabase } from "./prepare-database.js";

/** Where the database is. */
export type ReachedDatabase = Pick<PreparedDatabase, "url" | "adminUrl">;

/**
 * Does `work` on the given database as it is, on the embedded one of a gateway that runs, or on the embedded one, which is
 * started for it, brought up to date, and stopped behind it.
 * @throws StartupError when it can't be started
 */
export async function withDatabase<T>(config: Config, work: (database: ReachedDatabase) => Promise<T>): Promise<T> {
  const { url, adminUrl } = config.database;
  if (url !== null) return await work({ url, adminUrl });
  const running = await findRunningServer(config.dataFolder, embeddedDatabaseName);
  if (running !== null) return await work({ url: running, adminUrl: running });
  const database = await prepareDatabase(config, null);
  try {
    return await work(database);
  } finally {
    await database.stop();
  }
}
