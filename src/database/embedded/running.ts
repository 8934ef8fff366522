/** In charge of finding the embedded PostgreSQL that a process of ours runs on a data folder. */
import { readFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { keepPasswords } from "./passwords.js";

/** The superuser's address in this database of a server that runs on the data folder; null when none does. */
export async function findRunningServer(dataFolder: string, database: string): Promise<string | null> {
  const server = await serverOn(join(dataFolder, "postgres"));
  if (server === null) return null;
  const { postgres } = await keepPasswords(dataFolder);
  return `postgres://postgres:${postgres}@127.0.0.1:${server.port}/${database}`;
}

/** A server that runs. */
export interface RunningServer {
  readonly pid: number;
  readonly port: number;
}

/**
 * The server that runs on a cluster's folder, as PostgreSQL's own file there says: the process on its first line, the port on
 * its fourth. After a crash the file stays behind and its number may belong to any process, so the port has to answer too.
 */
export async function serverOn(folder: string): Promise<RunningServer | null> {
  const text = await readFile(join(folder, "postmaster.pid"), "utf8").catch(() => "");
  const [pid, , , port] = text.split("\n").map(Number);
  return pid && port && isAlive(pid) && (await answers(port)) ? { pid, port } : null;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((fulfil) => {
    const socket = connect(port, "127.0.0.1");
    const finish = (result: boolean) => {
      socket.destroy();
      fulfil(result);
    };
    socket.once("connect", () => finish(true)).once("error", () => finish(false));
  });
}
