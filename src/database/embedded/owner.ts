/** In charge of who runs the embedded PostgreSQL: it refuses to run as root, so root lends it to the system user `postgres`. */
import { execFile } from "node:child_process";
import { stat } from "node:fs/promises";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { StartupError } from "../../errors.js";

const run = promisify(execFile);
const user = "postgres";

/** The ids to run PostgreSQL with; nothing when we are an ordinary user ourselves. */
export interface Owner {
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
}

/** Finds who shall run PostgreSQL, as root making the system user `postgres` when the machine has none. */
export async function findOwner(): Promise<Owner> {
  if (process.getuid?.() !== 0) return {};
  const existing = await idsOfUser();
  if (existing !== undefined) return existing;
  const cause: unknown = await run("useradd", ["--system", "--user-group", user]).then(
    () => undefined,
    (error) => error,
  );
  const created = await idsOfUser();
  if (created !== undefined) return created;
  throw new StartupError(
    "PostgreSQL refuses to run as root, and the system user postgres could not be made.",
    "Start as an ordinary user, or make the user yourself: useradd --system --user-group postgres",
    { cause },
  );
}

/** Throws a StartupError when a folder on the way to `path` (real and absolute) is closed to the owner. */
export async function requireEntry(path: string, { uid, gid }: Owner, what: string): Promise<void> {
  if (uid === undefined) return;
  const folder = dirname(path);
  const entry = await stat(folder);
  const bit = entry.uid === uid ? 0o100 : entry.gid === gid ? 0o010 : 0o001;
  if ((entry.mode & bit) === 0) {
    throw new StartupError(
      `PostgreSQL runs as the user ${user}, who can't enter ${folder}, on the way to its ${what} (${path}).`,
      `Move the project or the data folder elsewhere, open the folder (chmod o+x ${folder}), or start as an ordinary user.`,
    );
  }
  if (folder !== dirname(folder)) await requireEntry(folder, { uid, gid }, what);
}

async function idsOfUser(): Promise<Owner | undefined> {
  const id = async (flag: string) => Number((await run("id", [flag, user])).stdout);
  return await Promise.all([id("-u"), id("-g")]).then(
    ([uid, gid]) => ({ uid, gid }),
    () => undefined,
  );
}
