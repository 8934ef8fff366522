/** In charge of gateways as processes of their own: `tsx src/main.ts` on a free port, gone with the test. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Answer } from "./gateway.js";
import { tokenFor } from "./gateway-over.js";

/** A running gateway. */
export interface GatewayProcess {
  readonly url: string;
  /** Asks over a real connection, as somebody by e-mail. */
  ask(email: string, query: string, variables?: Readonly<Record<string, unknown>>): Promise<Answer>;
  /** Asks over a real connection, with these headers and no other credential. */
  send(headers: Readonly<Record<string, string>>, query: string): Promise<Answer>;
  /** Asks it to end, and waits until it has. Tells its exit code. */
  stop(): Promise<number | null>;
}

const main = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

/** Starts one on a database that is there already, as in production: nothing is migrated or seeded. */
export async function startGatewayProcess(databaseUrl: string): Promise<GatewayProcess> {
  const child = spawn(process.execPath, ["--import", "tsx", main], {
    env: { PATH: process.env["PATH"], NODE_ENV: "production", PORT: "0", DATABASE_URL: databaseUrl },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const url = await addressOf(child);
  const post = async (headers: Readonly<Record<string, string>>, body: object): Promise<Answer> => {
    const response = await fetch(`${url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/graphql-response+json", ...headers },
      body: JSON.stringify(body),
    });
    return { status: response.status, headers: response.headers, body: await response.json() };
  };
  return {
    url,
    ask: async (email, query, variables) =>
      post({ authorization: `Bearer ${await tokenFor(email)}` }, { query, variables }),
    send: (headers, query) => post(headers, { query }),
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
