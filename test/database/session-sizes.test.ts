/** In charge of what one caller can make gateway and database keep in memory: it ends somewhere, and nobody else notices. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { createPool, type Pool } from "../../src/database/pool.js";
import { createSessions } from "../../src/database/session.js";
import { failureOf, openers, sql } from "../support/sessions.js";
import { useStubDatabase } from "../support/stub-database.js";

const database = useStubDatabase();
let pool: Pool;
let open: ReturnType<typeof openers>;

beforeAll(() => {
  pool = createPool({ url: database.url, size: 1, acquireTimeoutMillis: 10_000, prepare: true });
  open = openers(createSessions(pool));
});
afterAll(async () => {
  await pool?.close();
});

const tooLarge = { code: "BAD_USER_INPUT", reason: "TOO_LARGE" };

test("rejects an answer above 8 MB, and reads for the next one", async () => {
  const greedy = open.single("greedy");
  expect(await failureOf(greedy.run(sql("select repeat('x', 9000000) as text")))).toMatchObject(tooLarge);
  await greedy.commit();
  expect(await open.single("next").run(sql("select 1 as one"))).toEqual([{ one: 1 }]);
});

test("rejects many rows that are too large together", async () => {
  const greedy = open.read("greedy");
  const rows = sql("select repeat('x', 1000) as text from generate_series(1, 9000)");
  expect(await failureOf(greedy.run(rows))).toMatchObject(tooLarge);
  await greedy.rollback();
});

test("writes nothing when what a mutation reads is too large", async () => {
  const greedy = open.write("greedy");
  await greedy.run(sql("insert into notes (id, body) values (77, 'kept?')"));
  expect(await failureOf(greedy.run(sql("select repeat('x', 9000000) as text")))).toMatchObject(tooLarge);
  expect(await failureOf(greedy.commit())).toMatchObject(tooLarge);
  expect(await database.admin("select from notes where id = 77")).toEqual([]);
});

test("reads what is just not too large", async () => {
  const [row] = await open.single("modest").run(sql("select repeat('x', 8000000) as text"));
  expect(row?.["text"]).toHaveLength(8_000_000);
});

test("keeps the connection of an answer that was whole before it was found to be too large", async () => {
  const strict = createPool({
    ...{ url: database.url, size: 1, acquireTimeoutMillis: 10_000, prepare: true },
    largestAnswer: 2_000,
  });
  const session = openers(createSessions(strict)).read("large");
  expect(await session.run(sql("select repeat('x', 3000) as text"))).toHaveLength(1);
  expect(await session.run(sql("select 1 as one"))).toEqual([{ one: 1 }]);
  await session.rollback();
  await strict.close();
});

test("keeps prepared statements as long as they are small, and of large ones the latest", async () => {
  const caller = open.read("caller");
  for (let index = 0; index < 8; index++) await caller.run(sql(`select ${index} -- ${" ".repeat(100_000)}`));
  const kept =
    "select left(statement, 8) as text from pg_prepared_statements where length(statement) > 100000 order by 1";
  const rows = await caller.run(sql(kept));
  await caller.commit();
  expect(rows).toEqual([{ text: "select 4" }, { text: "select 5" }, { text: "select 6" }, { text: "select 7" }]);
});
