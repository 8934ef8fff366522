/** In charge of the embedded server's files: making them the first time, and refusing those of another version. */
import { execFile } from "node:child_process";
import { chown, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { StartupError } from "../../errors.js";
import type { Owner } from "./owner.js";

const run = promisify(execFile);

/** Where the cluster is, which programs work on it and as whom. */
export interface Cluster {
  readonly folder: string;
  readonly binaries: string;
  readonly owner: Owner;
  /** Whether its files have to survive a crash of the machine; a test's don't. */
  readonly isDurable: boolean;
}

/** Makes the cluster unless it is there already. Text is UTF-8 and sorts by code point, on every machine the same. */
export async function ensureCluster(cluster: Cluster, password: string): Promise<void> {
  const version = await versionOfBinaries(cluster.binaries);
  const found = await readFile(join(cluster.folder, "PG_VERSION"), "utf8").then(Number, () => undefined);
  if (found === undefined) return await createCluster(cluster, version, password);
  if (found === version) return;
  throw new StartupError(
    `${cluster.folder} was written by PostgreSQL ${found}, this is PostgreSQL ${version}.`,
    "Dump it with the older version and load it here, or delete the folder to start with an empty database.",
  );
}

// Made beside its place and moved there, so that an interrupted initdb leaves nothing that looks like a cluster.
async function createCluster(
  { folder, binaries, owner, isDurable }: Cluster,
  version: number,
  password: string,
): Promise<void> {
  const unfinished = `${folder}.${process.pid}`;
  const passwordFile = `${unfinished}.password`;
  await mkdir(unfinished, { mode: 0o700 });
  await writeFile(passwordFile, password, { mode: 0o600 });
  try {
    await giveTo(owner, [unfinished, passwordFile]);
    const others = ["--no-instructions", ...(isDurable ? [] : ["--no-sync"])];
    const access = ["--username=postgres", "--auth=scram-sha-256", `--pwfile=${passwordFile}`];
    const flags = [`--pgdata=${unfinished}`, "--encoding=UTF8", ...localeFlags(version), ...access, ...others];
    await run(join(binaries, "initdb"), flags, { ...owner, cwd: "/", env: environment });
    await rename(unfinished, folder);
  } catch (cause) {
    const said = (cause as { readonly stderr?: string }).stderr?.trim() || String(cause);
    throw new StartupError(
      `PostgreSQL could not make its files in ${folder}: ${said}`,
      "Mend what it says, or set DATABASE_URL and DATABASE_ADMIN_URL to a PostgreSQL of your own.",
      { cause },
    );
  } finally {
    await rm(passwordFile, { force: true });
    await rm(unfinished, { recursive: true, force: true });
  }
}

/** What the programs see of our environment: PG… variables would change what they do. */
export const environment: NodeJS.ProcessEnv = { LC_ALL: "C", TZ: "UTC" };

const builtinLocaleSince = 17;

function localeFlags(version: number): readonly string[] {
  if (version < builtinLocaleSince) return ["--locale=C.UTF-8"];
  return ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"];
}

async function versionOfBinaries(binaries: string): Promise<number> {
  const { stdout } = await run(join(binaries, "postgres"), ["--version"]);
  return Number(/(\d+)/.exec(stdout)?.[1]);
}

async function giveTo({ uid, gid }: Owner, paths: readonly string[]): Promise<void> {
  if (uid === undefined || gid === undefined) return;
  await Promise.all(paths.map((path) => chown(path, uid, gid)));
}
