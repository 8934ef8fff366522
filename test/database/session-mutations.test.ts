/** In charge of what a mutation keeps and what it undoes: savepoints, commits, lost connections. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Connection } from "../../src/database/connection.js";
import { createPool, type Pool } from "../../src/database/pool.js";
import { createSessions } from "../../src/database/session.js";
import { type DatabaseProxy, startDatabaseProxy } from "../support/database-proxy.js";
import { failureOf, openers, sql } from "../support/sessions.js";
import { useStubDatabase } from "../support/stub-database.js";

const database = useStubDatabase();
let proxy: DatabaseProxy;
let pool: Pool;
let open: ReturnType<typeof openers>;

beforeEach(async () => {
  await database.admin("delete from notes");
  proxy = await startDatabaseProxy(database.url);
  pool = createPool({ url: proxy.url, size: 2, acquireTimeoutMillis: 2_000, prepare: true });
  open = openers(createSessions(pool));
});
afterEach(async () => {
  await pool.close();
  await proxy.stop();
});

const insert = (id: number, body = "x") => sql("insert into notes (id, body) values ($1, $2)", id, body);
const stored = async () =>
  (await database.admin<{ id: number }>("select id from notes order by id")).map((row) => row.id);
const leftOpen = async () =>
  Number(
    (
      await database.admin<{ count: string }>(
        "select count(*) from pg_stat_activity where datname = current_database() and usename = 'authenticator' and state like 'idle in%'",
      )
    )[0]?.count,
  );

describe("a mutation", () => {
  test("writes everything at its commit and nothing before", async () => {
    const session = open.write("alice");
    expect(await session.execute(sql("insert into notes (id, body) values (1, 'a'), (2, 'b')"))).toBe(2);
    expect(await stored()).toEqual([]);
    await session.commit();
    expect(await stored()).toEqual([1, 2]);
  });

  test("rolls back everything when it is told to, at any moment", async () => {
    const session = open.write("alice");
    await session.run(insert(1));
    const late = failureOf(session.run(insert(2)));
    await session.rollback();
    await session.rollback();
    expect(await late).toBeDefined();
    expect(await stored()).toEqual([]);
    expect(await leftOpen()).toBe(0);
  });

  test("rolls back and denies its commit after any error, even one that nobody looked at", async () => {
    const session = open.write("alice");
    await session.run(insert(1));
    await failureOf(session.run(insert(1)));
    expect(await failureOf(session.run(insert(3)))).toMatchObject({
      code: "CONFLICT",
      message: "Stopped by an earlier error of the same operation.",
    });
    expect(await failureOf(session.commit())).toMatchObject({ code: "CONFLICT", cause: { code: "23505" } });
    expect(await stored()).toEqual([]);
    expect(await leftOpen()).toBe(0);
  });

  test("hides the names of what it collided with", async () => {
    const session = open.write("alice");
    await session.run(insert(1));
    const failure = await failureOf(session.run(insert(1)));
    expect(`${failure.message}${failure.code}`).toBe("This conflicts with what is stored.CONFLICT");
    await session.rollback();
  });

  test("passes on the reason and the data of our own errors", async () => {
    const session = open.write("alice");
    expect(await failureOf(session.run(insert(1, "forbidden")))).toMatchObject({
      code: "FORBIDDEN",
      reason: 52109,
      requires: "notes.create",
      message: "User has no correct permission in tenant",
    });
    await session.rollback();
  });

  test("denies a commit that a deferred check refuses", async () => {
    const session = open.write("alice");
    await session.run(sql("insert into checked_late (id, parent) values (1, 99)"));
    expect(await failureOf(session.commit())).toMatchObject({ code: "CONFLICT", cause: { code: "23503" } });
    expect(await database.admin("select * from checked_late")).toEqual([]);
  });

  test("denies what follows a statement that ended the transaction by itself", async () => {
    const session = open.write("alice");
    await session.run(insert(1));
    await session.run(sql("rollback"));
    expect(await failureOf(session.run(insert(2)))).toMatchObject({ code: "INTERNAL_SERVER_ERROR" });
    expect(await failureOf(session.commit())).toMatchObject({ code: "INTERNAL_SERVER_ERROR" });
    expect(await stored()).toEqual([]);
  });

  test("denies a commit that was answered by ROLLBACK", async () => {
    const session = openers(
      createSessions({ ...pool, acquire: async () => answerCommitWithRollback(await pool.acquire()) }),
    ).write("alice");
    await session.run(insert(1));
    expect(await failureOf(session.commit())).toMatchObject({
      code: "INTERNAL_SERVER_ERROR",
      message: "Nothing was saved.",
    });
    expect(await stored()).toEqual([]);
  });
});

describe("a savepoint", () => {
  test("undoes only its own item and leaves the others to be written", async () => {
    const session = open.write("alice");
    const results = await Promise.allSettled([
      session.savepoint(() => session.run(insert(1))),
      session.savepoint(async () => {
        await session.run(insert(2));
        await session.run(insert(1));
      }),
      session.savepoint(() => session.run(insert(3))),
      session.run(insert(4)),
    ]);
    expect(results.map((result) => result.status)).toEqual(["fulfilled", "rejected", "fulfilled", "fulfilled"]);
    await session.commit();
    expect(await stored()).toEqual([1, 3, 4]);
  });

  test("undoes what it wrote when its work gives up without an error of SQL", async () => {
    const session = open.write("alice");
    const work = session.savepoint(async () => {
      void session.run(insert(1)).catch(() => {});
      throw new RangeError("not today");
    });
    expect(await failureOf(work)).toMatchObject({ message: "not today" });
    await session.run(insert(2));
    await session.commit();
    expect(await stored()).toEqual([2]);
  });

  test("rejects when a statement in it failed, although its work looked away", async () => {
    const session = open.write("alice");
    const work = session.savepoint(async () => {
      await session.run(insert(1));
      await failureOf(session.run(insert(1)));
    });
    expect(await failureOf(work)).toMatchObject({ code: "CONFLICT" });
    await session.commit();
    expect(await stored()).toEqual([]);
  });

  test("undoes an inner savepoint without its outer one", async () => {
    const session = open.write("alice");
    await session.savepoint(async () => {
      await session.run(insert(1));
      await failureOf(session.savepoint(() => session.run(insert(1))));
      await session.run(insert(2));
    });
    await session.commit();
    expect(await stored()).toEqual([1, 2]);
  });

  test("leaves what was asked beside it to be written, although it is undone itself", async () => {
    const session = open.write("alice");
    const item = session.savepoint(async () => {
      await session.run(insert(1));
      throw new RangeError("not today");
    });
    const beside = session.run(insert(2));
    expect(await failureOf(item)).toMatchObject({ message: "not today" });
    await beside;
    await session.commit();
    expect(await stored()).toEqual([2]);
  });

  test("is denied to a read", async () => {
    const session = open.read("alice");
    expect(await failureOf(session.savepoint(() => session.run(sql("select 1"))))).toMatchObject({
      code: "INTERNAL_SERVER_ERROR",
    });
  });
});

describe("a lost connection", () => {
  const kill = (query: string) =>
    database.admin(
      "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and usename = 'authenticator' and query like $1",
      [`%${query}%`],
    );

  test("answers UNAVAILABLE to a read whose backend was killed, and the next read is served", async () => {
    const session = open.single("alice");
    const reading = failureOf(session.run(sql("select pg_sleep(20)")));
    await expect.poll(async () => (await kill("pg_sleep(20)")).length).toBe(1);
    expect(await reading).toMatchObject({ code: "UNAVAILABLE", http: { status: 503 } });
    expect(await open.single("bob").run(sql("select 1 as one"))).toEqual([{ one: 1 }]);
  });

  test("rolls back a mutation whose backend was killed between two statements, and denies its commit", async () => {
    const session = open.write("alice");
    await session.run(insert(1));
    expect(await kill("insert into notes")).toHaveLength(1);
    expect(await failureOf(session.run(insert(2)))).toMatchObject({ code: "UNAVAILABLE" });
    expect(await failureOf(session.commit())).toMatchObject({ code: "UNAVAILABLE" });
    expect(await stored()).toEqual([]);
    const next = open.write("bob");
    await next.run(insert(5));
    await next.commit();
    expect(await stored()).toEqual([5]);
  });

  test("serves a read over a connection that died unseen while it was idle", async () => {
    await open.single("alice").run(sql("select 'idle'"));
    await kill("idle");
    expect(await open.single("alice").run(sql("select 1 as one"))).toEqual([{ one: 1 }]);
  });

  test("serves a read although the first backend ends in the same breath in which it is ready", async () => {
    proxy.endWhenReady();
    expect(await open.single("alice").run(sql("select 1 as one"))).toEqual([{ one: 1 }]);
  });

  test("tells that the outcome of a commit is unknown when its answer was lost", async () => {
    const session = open.write("alice");
    await session.run(insert(1));
    proxy.cutAfter("commit");
    expect(await failureOf(session.commit())).toMatchObject({ code: "UNAVAILABLE", outcome: "unknown" });
    await expect.poll(stored).toEqual([1]);
  });

  test("ends as a whole in time, though each of its statements did, and writes nothing", async () => {
    const brief = createSessions(pool, { operationTimeoutMillis: 200 });
    const session = openers(brief).write("alice");
    await session.run(insert(1));
    await session.run(sql("select pg_sleep(0.4)"));
    expect(await failureOf(session.run(insert(2)))).toMatchObject({ code: "TIMEOUT" });
    expect(await failureOf(session.commit())).toMatchObject({ code: "TIMEOUT" });
    expect(await stored()).toEqual([]);
    expect(await openers(brief).single("alice").run(sql("select pg_sleep(0.4), 1 as one"))).toMatchObject([{ one: 1 }]);
  });

  test("ends as a whole in time although its first write was sent once more", async () => {
    const fresh = createPool({ url: proxy.url, size: 1, acquireTimeoutMillis: 10_000, prepare: true });
    proxy.endWhenReady();
    const session = openers(createSessions(fresh, { operationTimeoutMillis: 200 })).write("alice");
    await session.run(insert(1));
    await session.run(sql("select pg_sleep(0.4)"));
    expect(await failureOf(session.commit())).toMatchObject({ code: "TIMEOUT" });
    await fresh.close();
    expect(await stored()).toEqual([]);
  });

  test("stops all that a read asked in one write when that takes too long, and leaves nothing running", async () => {
    const impatient = createPool({
      ...{ url: database.url, size: 1, acquireTimeoutMillis: 10_000, prepare: true },
      answerTimeoutMillis: 300,
    });
    const session = openers(createSessions(impatient, { statementTimeoutMillis: 300_000 })).read("alice");
    const asked = [1, 2, 3].map((nth) => failureOf(session.run(sql(`select pg_sleep(100), ${nth}`))));
    expect(await asked[0]).toMatchObject({ code: "TIMEOUT" });
    await Promise.all(asked);
    await session.rollback();
    await impatient.close();
    const running = "select from pg_stat_activity where query like 'select pg_sleep(100)%' and state = 'active'";
    await expect.poll(() => database.admin(running)).toEqual([]);
  });

  test("gives up a database that no longer answers, and keeps nothing of the connection", async () => {
    const impatient = createPool({
      url: proxy.url,
      size: 1,
      acquireTimeoutMillis: 2_000,
      prepare: true,
      answerTimeoutMillis: 300,
    });
    const session = openers(createSessions(impatient)).write("alice");
    await session.run(insert(1));
    proxy.hang();
    expect(await failureOf(session.run(insert(2)))).toMatchObject({ code: "UNAVAILABLE" });
    await session.rollback();
    await impatient.close();
    await expect.poll(leftOpen).toBe(0);
    expect(await stored()).toEqual([]);
  });
});

/** A real connection, whose transaction somebody aborts behind the session's back just before its COMMIT. */
function answerCommitWithRollback(connection: Connection): Connection {
  return {
    get transactionStatus() {
      return connection.transactionStatus;
    },
    send: async (items) => {
      if (items[0]?.sql === "commit") await connection.send([{ sql: "select 1 / 0", values: [] }]);
      return connection.send(items);
    },
    release: () => connection.release(),
  };
}
