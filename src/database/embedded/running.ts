/** In charge of finding the embedded PostgreSQL that another process of ours runs on the same data folder. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { keepPasswords } from "./passwords.js";

/** The superuser's address in this database of a server that runs on the data folder; null when none does. */
export async function findRunningServer(dataFolder: string, database: string): Promise<string | null> {
  const lines = await readFile(join(dataFolder, "postgres", "postmaster.pid"), "utf8").then(
    (text) => text.split("\n"),
    () => [],
  );
  // The file's form is PostgreSQL's: the process on its first line, the port on its fourth.
  const [pid, port] = [Number(lines[0]), Number(lines[3])];
  if (!(pid > 0 && port > 0) || !isAlive(pid)) return null;
  const { postgres } = await keepPasswords(dataFolder);
  return `postgres://postgres:${postgres}@127.0.0.1:${port}/${database}`;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
