/** In charge of the PostgreSQL that something is measured on: in a temporary folder, and gone with it. */
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startEmbeddedPostgres } from "../src/database/embedded.js";
import { migrate } from "../src/database/migrate.js";
import { bootstrapRoles, ensureDatabase } from "../src/database/roles.js";

/** One of its databases. */
export interface BenchDatabase {
  /** As `authenticator`. */
  readonly url: string;
  readonly adminUrl: string;
}

/** A running server. */
export interface BenchServer {
  readonly folder: string;
  /** A database with our roles and nothing in it. */
  empty(name: string): Promise<BenchDatabase>;
  /** A database as `portcullis migrate` leaves it. */
  migrated(name: string): Promise<BenchDatabase>;
  stop(): Promise<void>;
}

/** What takes the disk's share out of the figures. */
export const withoutDisk: Readonly<Record<string, string>> = { fsync: "off", synchronous_commit: "off" };

/** Starts one, with settings of PostgreSQL's. */
export async function startServer(settings: Readonly<Record<string, string>> = {}): Promise<BenchServer> {
  const folder = await mkdtemp(join(tmpdir(), "portcullis-bench-"));
  // mkdtemp closes it to everybody else, also to the user that PostgreSQL runs as.
  await chmod(folder, 0o711);
  const server = await startEmbeddedPostgres({ dataFolder: folder, settings });
  const password = server.authenticatorPassword;
  const empty = async (name: string): Promise<BenchDatabase> => {
    const adminUrl = await ensureDatabase(server.adminUrl, name);
    await bootstrapRoles({ adminUrl, authenticatorPassword: password });
    return { url: `postgres://authenticator:${password}@127.0.0.1:${server.port}/${name}`, adminUrl };
  };
  return {
    folder,
    empty,
    migrated: async (name) => {
      const database = await empty(name);
      await migrate(database);
      return database;
    },
    stop: async () => {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
