/** In charge of `tsx src/main.ts` as a process of its own, on a free port, over a database that is there already. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** A gateway that listens. */
export interface SpawnedGateway {
  readonly url: string;
  /** Asks it to end, and waits until it has. Tells its exit code. */
  stop(): Promise<number | null>;
}

const main = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

/** Starts one as in production: nothing is migrated or seeded. */
export async function spawnGateway(
  databaseUrl: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<SpawnedGateway> {
  const child = spawn(process.execPath, ["--import", "tsx", main], {
    env: { PATH: process.env["PATH"], NODE_ENV: "production", PORT: "0", DATABASE_URL: databaseUrl, ...environment },
    stdio: ["ignore", "ignore", "pipe"],
  });
  return {
    url: await addressOf(child),
    stop: async () => {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill("SIGTERM");
        await once(child, "exit");
      }
      return child.exitCode;
    },
  };
}

function addressOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = "";
    child.once("exit", (code) => reject(new TypeError(`The gateway ended with ${code}: ${said}`)));
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      const [, url] = /"event":"listening","url":"([^"]+)"/.exec(said) ?? [];
      if (url !== undefined) resolve(url);
    });
  });
}
