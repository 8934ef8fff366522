/** What the embedded PostgreSQL guarantees: its data stays, its password is private, and it never outlives its gateway. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../../src/database/embedded.js";

let dataFolder: string;
const running: EmbeddedPostgres[] = [];

beforeEach(async () => {
  dataFolder = await mkdtemp(join(tmpdir(), "portcullis-embedded-"));
  await chmod(dataFolder, 0o711);
});

afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.stop()));
  await rm(dataFolder, { recursive: true, force: true });
});

describe("the embedded PostgreSQL", () => {
  it("starts again with the data and the passwords of the last time", async () => {
    const first = await start();
    await query(first.adminUrl, "create table kept as select 42 as answer");
    await first.stop();
    const second = await start();
    expect(await query(second.adminUrl, "select answer from kept")).toEqual([{ answer: 42 }]);
    expect(second.authenticatorPassword).toBe(first.authenticatorPassword);
  });

  it("denies a login without the password, and other users its file", async () => {
    const { adminUrl } = await start();
    const url = new URL(adminUrl);
    url.password = "wrong";
    await expect(query(url.href, "select 1")).rejects.toMatchObject({ code: "28P01" });
    expect((await stat(join(dataFolder, "passwords.json"))).mode & 0o777).toBe(0o600);
  });

  it("reads text as UTF-8 and sorts it by code point", async () => {
    const { adminUrl } = await start();
    const rows = await query(
      adminUrl,
      "select w, lower('Ä') as low from (values ('a'), ('B'), ('ä')) as t (w) order by w",
    );
    expect(rows.map((row) => row.w)).toEqual(["B", "a", "ä"]);
    expect(rows[0]?.low).toBe("ä");
  });

  it("ends when the process that started it is killed", async () => {
    const parent = spawn(process.execPath, ["--import", "tsx", "-e", parentProgram(dataFolder)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [url] = await once(parent.stdout.setEncoding("utf8"), "data");
    await expect(query(url, "select 1")).resolves.toBeDefined();
    parent.kill("SIGKILL");
    await expect
      .poll(() => query(url, "select 1").catch((error) => error.code), { timeout: 5000 })
      .toBe("ECONNREFUSED");
  });

  it("starts at once after such a death", async () => {
    const parent = spawn(process.execPath, ["--import", "tsx", "-e", parentProgram(dataFolder)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(parent.stdout, "data");
    parent.kill("SIGKILL");
    const { adminUrl } = await start();
    await expect(query(adminUrl, "select 1")).resolves.toBeDefined();
  });

  it("refuses a folder on which another one runs", async () => {
    const { port } = await start();
    await expect(start()).rejects.toMatchObject({
      name: "StartupError",
      message: expect.stringContaining(`port ${port}`),
      mend: expect.stringContaining("data folder of its own"),
    });
  });

  it("leaves nothing that looks like a cluster when making it fails, and says what PostgreSQL said", async () => {
    await writeFile(join(dataFolder, "postgres"), "in the way");
    await expect(start()).rejects.toMatchObject({
      name: "StartupError",
      message: expect.stringMatching(/could not make/),
    });
    expect(await readdir(dataFolder)).toEqual(["passwords.json", "postgres"]);
  });

  it("refuses the files of another version", async () => {
    await mkdir(join(dataFolder, "postgres"));
    await writeFile(join(dataFolder, "postgres/PG_VERSION"), "9\n");
    await expect(start()).rejects.toThrow(/was written by PostgreSQL 9/);
  });

  it.runIf(process.getuid?.() === 0)("refuses a folder that the user it runs as can't enter", async () => {
    await chmod(dataFolder, 0o700);
    await expect(start()).rejects.toMatchObject({ name: "StartupError", mend: expect.stringContaining(dataFolder) });
  });

  it("leaves no process behind when it is stopped", async () => {
    const { adminUrl, stop } = await startEmbeddedPostgres({ dataFolder });
    await stop();
    await stop();
    await sleep(50);
    await expect(query(adminUrl, "select 1")).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });
});

async function start(): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ dataFolder, settings: { fsync: "off" } });
  running.push(server);
  return server;
}

async function query(url: string, sql: string): Promise<readonly Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => undefined);
  try {
    await client.connect();
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

function parentProgram(folder: string): string {
  const module = JSON.stringify(new URL("../../src/database/embedded.ts", import.meta.url).href);
  return `import(${module})
    .then(({ startEmbeddedPostgres }) => startEmbeddedPostgres({ dataFolder: ${JSON.stringify(folder)} }))
    .then(({ adminUrl }) => process.stdout.write(adminUrl));
    setInterval(() => undefined, 1000);`;
}
