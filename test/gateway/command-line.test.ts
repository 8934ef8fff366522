/** In charge of the commands as a newcomer types them: what they print, what they refuse, and what they leave behind. */
import { type ChildProcess, spawn } from "node:child_process";
import { chmod, mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeJwt } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const root = new URL("../..", import.meta.url).pathname;
let dataFolder: string;

beforeAll(async () => {
  dataFolder = await mkdtemp(join(tmpdir(), "portcullis-cli-"));
  // As root the server runs as another user, who must be able to get to its folder.
  await chmod(dataFolder, 0o755);
});
afterAll(() => rm(dataFolder, { recursive: true, force: true }));

function begin(args: readonly string[], variables: Readonly<Record<string, string>> = {}) {
  const { PATH = "", HOME = "" } = process.env;
  const child: ChildProcess = spawn(process.execPath, ["--import", "tsx", ...args], {
    cwd: root,
    env: { PATH, HOME, DATA_FOLDER: dataFolder, PORT: "0", ...variables },
  });
  const printed = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name]?.setEncoding("utf8").on("data", (text: string) => {
      printed[name] += text;
    });
  }
  const ended = new Promise<Ended>((resolve) => child.once("close", (code) => resolve({ code, ...printed })));
  return { child, printed, ended };
}

const portcullis = (args: readonly string[], variables?: Readonly<Record<string, string>>) =>
  begin(["src/cli/portcullis.ts", ...args], variables).ended;

describe("portcullis token", () => {
  it("prints a token alone on the last line", async () => {
    const { code, stdout } = await portcullis(["token", "Alice@acme.test", "--tenant", "acme"]);
    expect(code).toBe(0);
    expect(decodeJwt(stdout.trim().split("\n").at(-1) ?? "")).toMatchObject({ sub: "alice@acme.test", tenant: "acme" });
  });

  it("refuses to in production", async () => {
    const production = { NODE_ENV: "production", DATABASE_URL: "postgres://authenticator@127.0.0.1:1/none" };
    const { code, stdout, stderr } = await portcullis(["token", "alice@acme.test"], production);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toContain("no development tokens in production");
  });
});

describe("portcullis", () => {
  it("lists its commands, and refuses one that it doesn't have", async () => {
    const [help, wrong] = await Promise.all([portcullis(["--help"]), portcullis(["tokn"])]);
    expect([help.code, wrong.code]).toEqual([0, 1]);
    for (const text of [help.stdout, wrong.stderr]) expect(text).toContain("token <email> [--tenant <slug>]");
  });

  it("refuses an environment that is wrong with all that is wrong in it, and without a stack", async () => {
    const { code, stderr } = await portcullis(["start"], { PORT: "x", LOG_LEVEL: "loud" });
    expect(code).toBe(1);
    expect(stderr).toMatch(/PORT: .*\n.*LOG_LEVEL: /);
    expect(stderr).not.toContain("    at ");
  });

  it("refuses to start without the database it was given, and says so", async () => {
    const { code, stderr } = await portcullis(["start"], { DATABASE_URL: "postgres://authenticator@127.0.0.1:1/none" });
    expect(code).toBe(1);
    expect(stderr).toContain("127.0.0.1:1");
  });
});

describe("start", () => {
  const isServing = async (url: string) => (await fetch(`${url}/health/ready`)).ok;

  async function start() {
    const run = begin(["src/main.ts"]);
    let end: Ended | null = null;
    void run.ended.then((ended) => {
      end = ended;
    });
    const findUrl = () => /listens on (http:\/\/\S+?)\/graphql/.exec(run.printed.stdout)?.[1] ?? "";
    await expect.poll(() => end ?? findUrl(), { timeout: 60_000 }).toMatch(/^http/);
    const url = findUrl();
    return { ...run, url };
  }

  it("serves a demo world from nothing, its token answers, and stopping leaves nothing running; twice", {
    timeout: 120_000,
  }, async () => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      const { child, url, printed, ended } = await start();
      expect(await isServing(url)).toBe(true);
      const token = /^ {2}(ey\S+)$/m.exec(printed.stdout)?.[1];
      const answer = await fetch(`${url}/graphql`, {
        method: "POST",
        headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
        body: JSON.stringify({ query: "{ viewer { user { email } tenant { slug } } }" }),
      });
      expect(await answer.json()).toEqual({
        data: { viewer: { user: { email: "alice@acme.test" }, tenant: { slug: "acme" } } },
      });
      child.kill(signal);
      expect((await ended).code).toBe(0);
      expect(await readdir(join(dataFolder, "postgres"))).not.toContain("postmaster.pid");
    }
    expect((await stat(join(dataFolder, "demo-issuer.json"))).mode & 0o077).toBe(0);
  });

  it("ends with its embedded database, and says so", { timeout: 120_000 }, async () => {
    const { ended } = await start();
    const [pid] = (await readFile(join(dataFolder, "postgres", "postmaster.pid"), "utf8")).split("\n").map(Number);
    process.kill(pid ?? 0, "SIGQUIT");
    expect(await ended).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("The embedded PostgreSQL has ended."),
    });
  });

  it("lends its database to the other commands while it runs, and they start it for themselves else", {
    timeout: 180_000,
  }, async () => {
    const commands: readonly (readonly string[])[] = [
      ["seed", "--preset", "four-roles", "--tenant", "acme"],
      ["explain", "view_sales_page", "store/42", "--user", "jane@acme.test"],
      ["key", "reports@acme.test", "--tenant", "acme", "--feature", "view_sales_page"],
      ["verify-audit"],
      ["doctor"],
    ];
    const done = { code: 0, stderr: "" };
    const { child, ended } = await start();
    for (const command of commands) expect(await portcullis(command)).toMatchObject(done);
    child.kill("SIGINT");
    await ended;
    expect(await portcullis(commands[0] ?? [])).toMatchObject(done);
    expect(await readdir(join(dataFolder, "postgres"))).not.toContain("postmaster.pid");
  });
});
