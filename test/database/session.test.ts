/** In charge of what a session sends, in which order, and what is left of it afterwards. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createPool, type Pool } from "../../src/database/pool.js";
import { createSessions } from "../../src/database/session.js";
import { type DatabaseProxy, startDatabaseProxy } from "../support/database-proxy.js";
import { failureOf, openers, sql } from "../support/sessions.js";
import { useStubDatabase } from "../support/stub-database.js";

const database = useStubDatabase();
let proxy: DatabaseProxy;
let pool: Pool;
let open: ReturnType<typeof openers>;

beforeAll(async () => {
  proxy = await startDatabaseProxy(database.url);
  pool = createPool({ url: proxy.url, size: 1, acquireTimeoutMillis: 2_000, prepare: true });
  open = openers(createSessions(pool));
});

afterAll(async () => {
  await pool?.close();
  await proxy?.stop();
});

/** The statements that were sent while `work` ran, without the names of the settings. */
async function statementsOf(work: () => Promise<unknown>): Promise<readonly string[]> {
  const before = proxy.statements().length;
  await work();
  return proxy
    .statements()
    .slice(before)
    .map((text) => text.replace(/set_config\('app.*/, "settings"));
}

/** Leaves a trace wherever it is executed, even when that is rolled back. */
const leaveTrace = sql("select nextval('executed')");
const traces = () => database.admin("select last_value, is_called from executed");

const opening = ["select settings", "select * from iam.open_session()", "select set_config('role', $1, true)"];

describe("a session", () => {
  test("sends nothing and takes no connection before its first statement", async () => {
    const before = proxy.writes();
    const session = open.write("alice");
    await session.commit();
    expect(proxy.writes()).toBe(before);
  });

  test("opens a single-statement read without BEGIN and COMMIT, in one write", async () => {
    await open.single("alice").run(sql("select 1 as one"));
    const session = open.single("alice");
    const before = proxy.writes();
    const seen = await statementsOf(async () => {
      expect(await session.run(sql("select 1 as one"))).toEqual([{ one: 1 }]);
      await session.commit();
    });
    expect(seen).toEqual([...opening, "select 1 as one"]);
    expect(proxy.writes() - before).toBe(1);
  });

  test("sends statements asked in one tick in one write, in the order of asking", async () => {
    const session = open.read("alice");
    const before = proxy.writes();
    const seen = await statementsOf(async () => {
      const asked = [
        session.run(sql("select 1 as a")),
        Promise.resolve().then(() => session.run(sql("select 2 as b"))),
        session.run(sql("select 3 as c")),
      ];
      expect((await Promise.all(asked)).flat()).toEqual([{ a: 1 }, { b: 2 }, { c: 3 }]);
      expect(proxy.writes() - before).toBe(1);
      await session.commit();
      await expect.poll(() => proxy.writes() - before).toBe(2);
      await pool.query(sql("select 'after'"));
    });
    expect(seen[0]).toBe("begin isolation level repeatable read read only");
    expect(seen.slice(1, 4)).toEqual(opening);
    expect([...seen.slice(4, 7)].sort()).toEqual(["select 1 as a", "select 2 as b", "select 3 as c"]);
    expect(seen.slice(7)).toEqual(["commit", "select 'after'"]);
  });

  test("reads one snapshot with every statement of a read", async () => {
    const session = open.read("alice");
    const count = () =>
      session.run<{ count: string }>(sql("select count(*) from pg_class where relname = 'made_later'"));
    const first = await count();
    await database.admin("create table made_later ()");
    expect(await count()).toEqual(first);
    await session.commit();
  });

  test("opens a mutation with BEGIN READ COMMITTED and asks for the lock in its settings", async () => {
    const lockOf = async (changesAuthority: boolean) => {
      const session = open.write("alice", { changesAuthority });
      const rows = await session.run(
        sql("select current_setting('app.lock') as lock, current_setting('transaction_isolation') as level"),
      );
      await session.rollback();
      return rows[0];
    };
    expect(await lockOf(false)).toEqual({ lock: "shared", level: "read committed" });
    expect(await lockOf(true)).toEqual({ lock: "exclusive", level: "read committed" });
  });

  test("denies writing to a read, of either form", async () => {
    for (const session of [open.single("alice"), open.read("alice")]) {
      const failure = await failureOf(session.run(sql("insert into notes (id, body) values (1, 'x')")));
      expect(failure.cause).toMatchObject({ code: "25006" });
      await session.rollback();
    }
    expect(await database.admin("select * from notes")).toEqual([]);
  });

  test("runs as the role of its caller and leaves nothing behind on the connection", async () => {
    const facts = sql(
      "select current_user as role, current_setting('app.subject', true) as subject, current_setting('app.user_id', true) as user_id, current_setting('statement_timeout') as timeout, current_setting('timezone') as zone, current_setting('transaction_read_only') as read_only",
    );
    for (const session of [open.single("alice"), open.read("alice"), open.write("alice")]) {
      const [inside] = await session.run(facts);
      expect(inside).toMatchObject({ role: "web_user", subject: "alice", timeout: "10s", zone: "UTC" });
      await (session.mode === "write" ? session.rollback() : session.commit());
      expect(await pool.query(facts)).toEqual([
        { role: "authenticator", subject: "", user_id: "", timeout: "0", zone: "Asia/Tokyo", read_only: "off" },
      ]);
    }
  });

  test("tells whom it was opened for, before or after a statement", async () => {
    const session = open.single("alice");
    const identity = await session.identity();
    expect(identity).toMatchObject({ userId: expect.stringMatching(/^[0-9a-f-]{36}$/), tenantId: null, actorId: null });
    await session.run(sql("select 1"));
    expect(await session.identity()).toEqual(identity);
    await session.commit();
  });
});

describe("a session that is refused", () => {
  test.each(["disabled", "unknown"])(
    "denies every statement of a caller that is %s, and runs none of them",
    async (subject) => {
      const before = await traces();
      const reason = subject === "disabled" ? 52105 : 52103;
      for (const session of [open.single(subject), open.read(subject), open.write(subject)]) {
        const failures = await Promise.all([
          failureOf(session.run(leaveTrace)),
          failureOf(session.run(sql("select 2"))),
        ]);
        for (const failure of failures) expect(failure).toMatchObject({ code: "FORBIDDEN", reason });
        expect(session.refusal).toMatchObject({ code: "FORBIDDEN" });
        await session.rollback();
      }
      expect(await traces()).toEqual(before);
    },
  );

  test("denies what is asked after a session is over", async () => {
    const session = open.read("alice");
    await session.run(sql("select 1"));
    await session.commit();
    expect(await failureOf(session.run(sql("select 2")))).toMatchObject({ message: "The session is over." });
    expect(await failureOf(session.commit())).toMatchObject({ message: "The session is over." });
  });

  test("skips the data when a setting is refused", async () => {
    const before = await traces();
    const session = openers(createSessions(pool, { statementTimeoutMillis: -5 })).single("alice");
    expect(await failureOf(session.run(leaveTrace))).toMatchObject({ code: "BAD_USER_INPUT" });
    expect(await traces()).toEqual(before);
    const allowed = open.write("alice");
    await allowed.run(leaveTrace);
    await allowed.rollback();
    expect(await traces()).not.toEqual(before);
  });
});

describe("an error in a read", () => {
  test("stops every later statement and names itself once", async () => {
    const session = open.read("alice");
    const [good, bad, skipped] = await Promise.allSettled([
      session.run(sql("select 1 as one")),
      session.run(sql("select $1::uuid", "no uuid")),
      session.run(sql("select 3")),
    ]);
    expect(good).toMatchObject({ status: "fulfilled" });
    expect(bad).toMatchObject({ reason: { code: "BAD_USER_INPUT", cause: { code: "22P02" } } });
    expect(skipped).toMatchObject({ reason: { code: "BAD_USER_INPUT", cause: { code: "BAD_USER_INPUT" } } });
    expect(await failureOf(session.run(sql("select 4")))).toMatchObject({ code: "BAD_USER_INPUT" });
    await session.rollback();
    expect(await open.single("alice").run(sql("select 5 as five"))).toEqual([{ five: 5 }]);
  });

  test("is told as TIMEOUT when a statement takes too long, and the next caller is served at once", async () => {
    const hasty = openers(createSessions(pool, { statementTimeoutMillis: 50 })).single("alice");
    expect(await failureOf(hasty.run(sql("select pg_sleep(5)")))).toMatchObject({
      code: "TIMEOUT",
      http: { status: 503 },
    });
    expect(await open.single("bob").run(sql("select 1 as one"))).toEqual([{ one: 1 }]);
  });
});
