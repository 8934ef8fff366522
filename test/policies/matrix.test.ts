/** The matrix of cases/*.yaml: what each caller may do with each row, by SQL, by GraphQL one by one, and in a list. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createPool, type Pool } from "../../src/database/pool.js";
import { createSessions, type Sessions } from "../../src/database/session.js";
import { type Gateway, startGateway } from "../property/ask-gateway.js";
import { storeWorld } from "../property/store-world.js";
import { useTestDatabase } from "../support/database.js";
import { type Asked, askByList, askBySql, askOneByOne, type Found } from "./matrix/ask-three-ways.js";
import { type Case, type CaseFile, type Commands, readCases } from "./matrix/read-cases.js";
import { places, worldOf } from "./matrix/world-of-case.js";

const files = await readCases();
const database = useTestDatabase();
let pool: Pool;
let sessions: Sessions;
let gateway: Gateway;
let stored = 0;

beforeAll(async () => {
  pool = createPool({ url: database.url, size: 2, acquireTimeoutMillis: 30_000, prepare: true });
  sessions = createSessions(pool);
  gateway = await startGateway(database.url);
});
afterAll(async () => {
  await gateway.close();
  await pool.close();
});

async function arrange(file: CaseFile, one: Case): Promise<Asked> {
  stored += 1;
  const world = await storeWorld(database.owner, worldOf(file, one), `c${stored}`);
  const delegate = {
    ...(one.key === undefined ? {} : { apiKey: one.key }),
    ...(one.actingAs === undefined ? {} : { actAs: one.actingAs }),
  };
  const who = { user: one.as, tenant: one.in, ...delegate };
  return { table: file.table, stored: world, who, rows: Object.keys(file.rows) };
}

// As far as a way can tell: a list doesn't create.
function expectedOf(one: Case, found: Found): Found {
  if (one.refused !== undefined) return one.refused;
  if (typeof found === "number") return one.allow;
  const asked = Object.keys(found) as (keyof Commands)[];
  return Object.fromEntries(asked.map((command) => [command, one.allow[command]]));
}

describe.each(files)("$table", (file) => {
  it.each(file.cases)("$it", async (one) => {
    const asked = await arrange(file, one);
    const ways = {
      sql: await askBySql(sessions, asked),
      one: await askOneByOne(gateway, asked),
      list: await askByList(gateway, asked),
    };
    for (const [way, found] of Object.entries(ways)) expect(found, way).toEqual(expectedOf(one, found));
  });

  it.each(file.cases)("is written soundly: $it", ({ allow, deny, refused }) => {
    const rows = Object.keys(file.rows);
    for (const listed of [allow, ...(deny === "the rest" ? [] : [deny])]) {
      for (const [command, names] of Object.entries(listed))
        for (const name of names) expect(command === "create" ? places : rows).toContain(name);
    }
    if (deny !== "the rest")
      for (const [command, names] of Object.entries(deny))
        for (const name of names) expect(allow[command as keyof Commands], `${command} ${name}`).not.toContain(name);
    if (refused !== undefined) expect(Object.values(allow).flat()).toEqual([]);
  });
});
