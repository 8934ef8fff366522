/** In charge of having a database to serve from: the embedded or the given one, with its roles, tables and demo world. */
import type { DemoIssuer } from "../auth/demo-issuer.js";
import type { Config } from "../config.js";
import { StartupError } from "../errors.js";

/** A database that is ready. */
export interface PreparedDatabase {
  /** As `authenticator`. */
  readonly url: string;
  /** As an owner; null where somebody else migrates. */
  readonly adminUrl: string | null;
  /** Whether it has the demo world. */
  readonly hasDemoWorld: boolean;
  /** Settles when an embedded server has ended; never for a given one, which comes back by itself. */
  readonly ended: Promise<unknown>;
  /** Ends the embedded server; does nothing to a given one. */
  stop(): Promise<void>;
}

/** The embedded server's database. */
export const embeddedDatabaseName = "portcullis";

/**
 * Bootstraps, migrates and, for a demo issuer, seeds. A given database without an admin address is taken as it is.
 * @throws StartupError
 */
export async function prepareDatabase(config: Config, demoIssuer: DemoIssuer | null): Promise<PreparedDatabase> {
  const { url, adminUrl } = config.database;
  if (url === null) return await prepareEmbedded(config, demoIssuer);
  const hasDemoWorld = adminUrl !== null && (await bringUp({ adminUrl, password: passwordOf(url) }, demoIssuer));
  return { url, adminUrl, hasDemoWorld, ended: new Promise(() => undefined), stop: async () => undefined };
}

/** The admin's address, for commands that are of no use without. */
export function requireAdminUrl({ adminUrl }: Pick<PreparedDatabase, "adminUrl">): string {
  if (adminUrl !== null) return adminUrl;
  throw new StartupError("There is no address to change the database with.", "Set DATABASE_ADMIN_URL to an owner's.");
}

async function prepareEmbedded(config: Config, demoIssuer: DemoIssuer | null): Promise<PreparedDatabase> {
  const [{ startEmbeddedPostgres }, { ensureDatabase }] = await Promise.all([
    import("../database/embedded.js"),
    import("../database/roles.js"),
  ]);
  const server = await startEmbeddedPostgres({ dataFolder: config.dataFolder });
  const password = server.authenticatorPassword;
  try {
    const adminUrl = await ensureDatabase(server.adminUrl, embeddedDatabaseName);
    const hasDemoWorld = await bringUp({ adminUrl, password }, demoIssuer);
    const url = `postgres://authenticator:${encodeURIComponent(password)}@127.0.0.1:${server.port}/${embeddedDatabaseName}`;
    return { url, adminUrl, hasDemoWorld, ended: server.ended, stop: () => server.stop() };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

interface Target {
  readonly adminUrl: string;
  readonly password: string | undefined;
}

async function bringUp({ adminUrl, password }: Target, demoIssuer: DemoIssuer | null): Promise<boolean> {
  const [{ bootstrapRoles }, { migrate }] = await Promise.all([
    import("../database/roles.js"),
    import("../database/migrate.js"),
  ]);
  await bootstrapRoles({ adminUrl, authenticatorPassword: password });
  await migrate({ adminUrl });
  if (demoIssuer === null) return false;
  const { seedDemoWorld } = await import("../database/demo-world.js");
  await seedDemoWorld(adminUrl, demoIssuer);
  return true;
}

// Another login than ours keeps its own password.
function passwordOf(url: string): string | undefined {
  const { username, password } = new URL(url);
  return username === "authenticator" && password !== "" ? decodeURIComponent(password) : undefined;
}
