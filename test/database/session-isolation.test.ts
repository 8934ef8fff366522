/** In charge of callers never meeting: over few connections, under load, with errors and with a full pool. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createPool, type Pool } from "../../src/database/pool.js";
import { createSessions } from "../../src/database/session.js";
import { failureOf, openers, sql } from "../support/sessions.js";
import { useStubDatabase } from "../support/stub-database.js";

const database = useStubDatabase();
let pool: Pool;
let open: ReturnType<typeof openers>;

beforeAll(async () => {
  pool = createPool({ url: database.url, size: 5, acquireTimeoutMillis: 20_000, prepare: true });
  open = openers(createSessions(pool));
});
afterAll(async () => {
  await pool?.close();
});

const whoAmI = sql("select current_setting('app.subject') as subject, current_user as role, pg_sleep(random() / 200)");

const killSomeBackend = () =>
  database.admin(`
    select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and usename = 'authenticator' order by random() limit 1`);

describe("many sessions over few connections", () => {
  test("never read each other's settings: 200 at once over a pool of 5, of every form, some failing", async () => {
    const sessions = Array.from({ length: 200 }, async (_, index) => {
      const subject = `caller-${index}`;
      const session =
        index % 3 === 0 ? open.single(subject) : index % 3 === 1 ? open.read(subject) : open.write(subject);
      const answers = await Promise.all([session.run(whoAmI), session.run(whoAmI)]);
      const later = await session.run(whoAmI);
      if (index % 7 === 0) await failureOf(session.run(sql("select 1 / 0")));
      if (index % 5 === 0 || index % 7 === 0) await session.rollback();
      else await session.commit();
      return [...answers, later].flat().map((row) => `${row.subject} ${row.role}`);
    });
    const seen = await Promise.all(sessions);
    for (const [index, own] of seen.entries()) expect(own).toEqual(Array(3).fill(`caller-${index} web_user`));
    for (const left of await Promise.all(
      Array.from({ length: 20 }, () =>
        pool.query(sql("select current_setting('app.subject', true) as subject, current_user as role")),
      ),
    ))
      expect(left[0]).toEqual({ subject: expect.toBeOneOf(["", null]), role: "authenticator" });
  });

  test("read and write only what belongs to their own caller", async () => {
    const [alice, bob] = [open.write("alice"), open.write("bob")];
    await Promise.all([
      alice.run(sql("insert into notes (id, body) values (1, 'hers')")),
      bob.run(sql("insert into notes (id, body) values (2, 'his')")),
    ]);
    await Promise.all([alice.commit(), bob.commit()]);
    const read = (subject: string) => open.single(subject).run(sql("select body from notes"));
    expect(await Promise.all([read("alice"), read("bob"), read("carol")])).toEqual([
      [{ body: "hers" }],
      [{ body: "his" }],
      [],
    ]);
    expect(await database.admin("select count(*)::int from notes")).toEqual([{ count: 2 }]);
  });

  test("gives up a connection that a statement left inside a transaction", async () => {
    const one = createPool({ url: database.url, size: 1, acquireTimeoutMillis: 2_000, prepare: true });
    const backend = sql("select pg_backend_pid() as pid, now() as at");
    const session = openers(createSessions(one)).single("alice");
    const [left] = await session.run(backend);
    await session.run(sql("begin"));
    await session.commit();
    const [next] = await one.query(backend);
    expect(next?.pid).not.toBe(left?.pid);
    await one.close();
  });

  test("writes a mutation wholly or not at all, at whatever moment it is broken off", async () => {
    const pair = (id: number) =>
      [1000 + 2 * id, 1001 + 2 * id].map((key) => sql("insert into notes (id, body) values ($1, 'pair')", key));
    const outcomes = await Promise.all(
      Array.from({ length: 120 }, async (_, id) => {
        const session = open.write(`caller-${id}`);
        const [first, second] = pair(id);
        if (first === undefined || second === undefined) return null;
        const work = session
          .run(first)
          .then(() => session.run(second))
          .then(() => session.commit());
        const breakOff = async () => {
          await new Promise((resolve) => setTimeout(resolve, Math.random() * 120));
          await (id % 4 === 0 ? killSomeBackend() : session.rollback());
        };
        const [ended] = await Promise.allSettled([work, breakOff()]);
        await session.rollback();
        return ended.status === "fulfilled" ? id : null;
      }),
    );
    const rows = await database.admin<{ id: number }>("select id from notes where body = 'pair' order by id");
    const stored = rows.map((row) => row.id);
    for (let id = 0; id < 120; id++) expect(stored.includes(1000 + 2 * id)).toBe(stored.includes(1001 + 2 * id));
    for (const id of outcomes) if (id !== null) expect(stored).toContain(1000 + 2 * id);
    expect(outcomes.filter((id) => id !== null).length).toBeGreaterThan(0);
    expect(outcomes.filter((id) => id === null).length).toBeGreaterThan(0);
  });

  test("denies a row under the name of another caller, and writes nothing", async () => {
    const session = open.write("mallory");
    const failure = await failureOf(
      session.run(sql("insert into notes (id, owner, body) select 3, md5('alice')::uuid, 'forged'")),
    );
    expect(failure).toMatchObject({ code: "FORBIDDEN", cause: { code: "42501" } });
    await session.rollback();
    expect(await database.admin("select * from notes where body = 'forged'")).toEqual([]);
  });
});

describe("a full pool", () => {
  test("answers UNAVAILABLE within its limit, and serves again as soon as a connection is free", async () => {
    const small = createPool({ url: database.url, size: 1, acquireTimeoutMillis: 200, prepare: true });
    const sessions = openers(createSessions(small));
    const holder = sessions.write("alice");
    await holder.run(sql("select 1"));
    const started = performance.now();
    const waiting = sessions.single("bob");
    expect(await failureOf(waiting.run(sql("select 1")))).toMatchObject({ code: "UNAVAILABLE", http: { status: 503 } });
    expect(performance.now() - started).toBeLessThan(1_000);
    expect(waiting.refusal).toMatchObject({ code: "UNAVAILABLE" });
    await holder.rollback();
    expect(await sessions.single("bob").run(sql("select 1 as one"))).toEqual([{ one: 1 }]);
    await small.close();
  });

  test("answers UNAVAILABLE when there is no database at all", async () => {
    const lost = createPool({
      url: "postgres://authenticator:x@127.0.0.1:1/none",
      size: 1,
      acquireTimeoutMillis: 500,
      prepare: true,
    });
    const session = openers(createSessions(lost)).write("alice");
    expect(await failureOf(session.run(sql("select 1")))).toMatchObject({ code: "UNAVAILABLE" });
    await session.rollback();
    await lost.close();
  });
});

describe("the pool itself", () => {
  test("denies a statement that a deferred check refuses behind its answer", async () => {
    await database.admin("grant insert on checked_late to authenticator");
    const late = failureOf(pool.query(sql("insert into checked_late (id, parent) values (1, 99)")));
    expect(await late).toMatchObject({ code: "CONFLICT", cause: { code: "23503" } });
    expect(await database.admin("select * from checked_late")).toEqual([]);
  });

  test("ends after its grace although a session was never ended, and nothing of that is written", async () => {
    const one = createPool({ url: database.url, size: 1, acquireTimeoutMillis: 2_000, prepare: true });
    const forgotten = openers(createSessions(one)).write("alice");
    await forgotten.run(sql("insert into notes (id, body) values (77, 'forgotten')"));
    await one.close(50);
    expect(await failureOf(forgotten.commit())).toMatchObject({ code: "UNAVAILABLE" });
    expect(await database.admin("select * from notes where id = 77")).toEqual([]);
  });
});

describe("prepared statements", () => {
  test("outlive DISCARD, a changed table and a text that cannot be parsed", async () => {
    await database.admin("create table shape (a int); grant select on shape to web_user; insert into shape values (1)");
    const one = createPool({ url: database.url, size: 1, acquireTimeoutMillis: 2_000, prepare: true });
    const sessions = openers(createSessions(one));
    const read = () => sessions.single("alice").run(sql("select * from shape"));
    expect(await read()).toEqual([{ a: 1 }]);
    await database.admin("alter table shape add column b text default 'new'");
    expect(await read()).toEqual([{ a: 1, b: "new" }]);
    for (let round = 0; round < 2; round++)
      expect(await failureOf(sessions.single("alice").run(sql("select from where")))).toMatchObject({
        cause: { code: "42601" },
      });
    await one.query(sql("discard all"));
    expect(await read()).toEqual([{ a: 1, b: "new" }]);
    const [prepared] = await one.query<{ count: number }>(sql("select count(*)::int from pg_prepared_statements"));
    expect(prepared?.count).toBeGreaterThan(3);
    await one.close();
  });

  test("stay below their limit, and are not made at all where the pool must not", async () => {
    const one = createPool({ url: database.url, size: 1, acquireTimeoutMillis: 2_000, prepare: true });
    for (let index = 0; index < 520; index++) await one.query(sql(`select ${index} as value`));
    const count = sql("select count(*)::int from pg_prepared_statements");
    expect((await one.query<{ count: number }>(count))[0]?.count).toBeLessThanOrEqual(501);
    await one.close();
    const plain = createPool({ url: database.url, size: 1, acquireTimeoutMillis: 2_000, prepare: false });
    await plain.query(sql("select 1"));
    expect(await plain.query(count)).toEqual([{ count: 0 }]);
    await plain.close();
  });
});
