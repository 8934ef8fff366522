/** In charge of the embedded server's process: starting it, knowing when it is ready, and that it never outlives us. */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { StartupError } from "../../errors.js";
import { type Cluster, environment } from "./cluster.js";
import { serverOn } from "./running.js";

type ServerProcess = ChildProcessByStdio<null, null, Readable>;

/** A started server. */
export interface Server {
  readonly port: number;
  /** Settles when it has ended, whoever ended it. */
  readonly ended: Promise<unknown>;
  /** Ends every connection and the server, and waits until its data is written. */
  stop(): Promise<void>;
}

/** Starts PostgreSQL on 127.0.0.1 and a free port. Throws a StartupError when another server runs on the same files. */
export async function startServer(cluster: Cluster, settings: Readonly<Record<string, string>>): Promise<Server> {
  await waitForOtherServer(cluster.folder);
  const port = await findFreePort();
  const all = { listen_addresses: "127.0.0.1", port: String(port), unix_socket_directories: "", ...settings };
  const flags = Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  // Detached: Ctrl-C goes to the whole process group, and PostgreSQL has to outlast the requests that it answers.
  const server = spawn(join(cluster.binaries, "postgres"), ["-D", cluster.folder, ...flags], {
    ...cluster.owner,
    cwd: "/",
    env: environment,
    detached: true,
    stdio: ["ignore", "ignore", "pipe"],
  });
  const guard = guardAgainstOrphans(server);
  const ended = new Promise((resolve) => server.once("exit", resolve));
  await untilReady(server, cluster.folder);
  return { port, ended, stop: () => stopServer(server).finally(() => guard.kill("SIGKILL")) };
}

// The guard holds the other end of a pipe of ours. However we end, the pipe closes, and the guard asks PostgreSQL to end too.
function guardAgainstOrphans(server: ServerProcess) {
  const program = `process.stdin.resume().on("end", () => { process.kill(${server.pid}, "SIGINT"); process.exit(); })`;
  const guard = spawn(process.execPath, ["-e", program], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
    env: {},
  });
  guard.unref();
  server.once("exit", () => guard.kill("SIGKILL"));
  return guard;
}

const readyMessage = "database system is ready to accept connections";

function untilReady(server: ServerProcess, folder: string): Promise<void> {
  const lines: string[] = [];
  return new Promise((fulfil, reject) => {
    const fail = (cause?: unknown) =>
      reject(
        new StartupError(
          `The embedded PostgreSQL on ${folder} did not start: ${lines.join("").trim()}`,
          "Mend what it says, or set DATABASE_URL and DATABASE_ADMIN_URL to a PostgreSQL of your own.",
          { cause },
        ),
      );
    server.once("error", fail).once("exit", () => fail());
    server.stderr.setEncoding("utf8").on("data", (text: string) => {
      if (lines.push(text) > 50) lines.shift();
      if (text.includes(readyMessage)) fulfil();
    });
  });
}

const patienceMillis = 10_000;

// SIGINT is PostgreSQL's fast shutdown: open transactions are rolled back, everything committed is written.
async function stopServer(server: ServerProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const exited = once(server, "exit");
  server.kill("SIGINT");
  const timer = setTimeout(() => server.kill("SIGQUIT"), patienceMillis);
  await exited.finally(() => clearTimeout(timer));
}

const shutdownMillis = 5000;

// A server whose process was killed a moment ago is still being shut down by its guard.
async function waitForOtherServer(folder: string): Promise<void> {
  for (let waited = 0; ; waited += 50) {
    const other = await serverOn(folder);
    if (other === null) return;
    if (waited >= shutdownMillis) {
      throw new StartupError(
        `Another PostgreSQL (process ${other.pid}, port ${other.port}) runs on ${folder}.`,
        "Stop the other gateway, or give this one a data folder of its own.",
      );
    }
    await sleep(50);
  }
}

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
