/** In charge of A1: a gateway killed at any moment leaves as many success events as mutations that were applied. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { useTestDatabase } from "../support/database.js";
import { tokenFor } from "../support/gateway-over.js";

const root = new URL("../..", import.meta.url).pathname;
const database = useTestDatabase();
const deaths = Number(process.env["AUDIT_DEATHS"] ?? 3);
let dataFolder: string;

beforeAll(async () => {
  dataFolder = await mkdtemp(join(tmpdir(), "portcullis-killed-"));
});
afterAll(() => rm(dataFolder, { recursive: true, force: true }));

async function startGateway(): Promise<{ readonly child: ChildProcess; readonly url: string }> {
  const { PATH = "", HOME = "" } = process.env;
  const child = spawn(process.execPath, ["--import", "tsx", "src/main.ts"], {
    cwd: root,
    env: { PATH, HOME, DATA_FOLDER: dataFolder, PORT: "0", DATABASE_URL: database.url },
  });
  let printed = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    printed += text;
  });
  const findUrl = () => /"url":"(http:[^"]+)"/.exec(printed)?.[1] ?? "";
  await expect.poll(findUrl, { timeout: 30_000, interval: 20 }).not.toBe("");
  return { child, url: findUrl() };
}

/** Mutates until the gateway is gone. */
async function mutate(url: string, token: string, prefix: string, onAnswer: () => void): Promise<number> {
  for (let count = 0; ; count++) {
    const body = JSON.stringify({
      query: `mutation { createGroup(input: { name: "${prefix}-${count}" }) { group { id } } }`,
    });
    const headers = { "content-type": "application/json", authorization: `Bearer ${token}` };
    const isAnswered = await fetch(`${url}/graphql`, { method: "POST", headers, body }).then(
      async (response) => (await response.text()).includes('"group"'),
      () => false,
    );
    if (!isAnswered) return count;
    onAnswer();
  }
}

/** What was applied and what is told of it, when every connection of the dead is gone. */
async function compare(round: number) {
  const { owner } = database;
  const open = "select from pg_stat_activity where usename = 'authenticator' and datname = current_database()";
  await expect.poll(async () => (await owner.query(open)).rowCount, { timeout: 10_000 }).toBe(0);
  const { rows } = await owner.query(
    `select count(g.id)::integer as applied, count(e.id)::integer as told, count(g.id) filter (where g.id::text = e.resource_id)::integer as both
     from (select * from iam.groups where name like $1) g
     full join (select * from iam.audit_events where code = 50201 and request_id is not null) e on e.resource_id = g.id::text
     where g.id is not null or not exists (select from iam.groups x where x.id::text = e.resource_id)`,
    [`death-${round}-%`],
  );
  return rows[0] as { readonly applied: number; readonly told: number; readonly both: number };
}

it("leaves one success event for each mutation applied, and none without, wherever it is killed", {
  timeout: 30_000 * (deaths + 1),
}, async () => {
  const token = await tokenFor("alice@acme.test");
  for (let round = 0; round < deaths; round++) {
    const { child, url } = await startGateway();
    let isWriting = false;
    const onAnswer = () => {
      isWriting = true;
    };
    const writers = Array.from({ length: 8 }, (_, index) => mutate(url, token, `death-${round}-${index}`, onAnswer));
    await expect.poll(() => isWriting, { timeout: 10_000, interval: 5 }).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 500));
    child.kill("SIGKILL");
    const answered = (await Promise.all(writers)).reduce((sum, count) => sum + count, 0);
    const { applied, told, both } = await compare(round);
    expect({ told, both }).toEqual({ told: applied, both: applied });
    expect(applied).toBeGreaterThanOrEqual(answered);
    expect(answered).toBeGreaterThan(0);
  }
});
