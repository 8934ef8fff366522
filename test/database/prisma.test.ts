/** In charge of Prisma inside a session: the session's connection, its end, its errors, and never another caller's. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createPool, type Pool } from "../../src/database/pool.js";
import type { TransactionClient } from "../../src/database/prisma.js";
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
  pool = createPool({ url: proxy.url, size: 4, acquireTimeoutMillis: 10_000, prepare: true });
  open = openers(createSessions(pool));
});
afterAll(async () => {
  await pool?.close();
  await proxy?.stop();
});
beforeEach(() => database.admin("delete from todos"));

const titles = async () =>
  (await database.admin<{ title: string }>("select title from todos order by title")).map((row) => row.title);
const addTodo = async (subject: string, title: string) => {
  const [row] = await database.admin<{ id: string }>(
    "insert into todos (owner_id, title) values (md5($1)::uuid, $2) returning id",
    [subject, title],
  );
  return row?.id ?? "";
};

describe("Prisma in a session", () => {
  test("writes with the session's commit, together with the session's own statements", async () => {
    const session = open.write("alice");
    const created = await session.prisma((client) => client.todo.create({ data: { title: "by Prisma" } }));
    await session.run(sql("insert into todos (title) values ('by hand')"));
    await session.prisma((client) => client.todo.update({ where: { id: created.id }, data: { done: true } }));
    expect(await titles()).toEqual([]);
    await session.commit();
    expect(await database.admin("select title, done from todos order by title")).toEqual([
      { title: "by Prisma", done: true },
      { title: "by hand", done: false },
    ]);
  });

  test("leaves nothing when the session is rolled back", async () => {
    const session = open.write("alice");
    await session.prisma((client) => client.todo.createMany({ data: [{ title: "a" }, { title: "b" }] }));
    await session.rollback();
    expect(await titles()).toEqual([]);
  });

  test("opens the session with its first query, in one write", async () => {
    const warm = open.read("alice");
    await warm.prisma((client) => client.todo.findMany());
    await warm.rollback();
    const session = open.read("alice");
    const before = proxy.writes();
    await session.prisma((client) => client.todo.findMany());
    expect(proxy.writes() - before).toBe(1);
    await session.commit();
  });

  test("keeps microseconds out and instants right, although the server stands in another zone", async () => {
    const session = open.write("alice");
    const at = new Date("2026-02-03T04:05:06.789Z");
    const made = await session.prisma((client) => client.todo.create({ data: { title: "timed", createdAt: at } }));
    expect(made.createdAt).toEqual(at);
    expect(await session.run(sql("select created_at from todos"))).toEqual([
      { created_at: "2026-02-03T04:05:06.789+00:00" },
    ]);
    expect(await session.run(sql("select 1 as found from todos where created_at = $1", at))).toEqual([{ found: 1 }]);
    await session.rollback();
  });

  test("keeps overlapping queries in one order on one connection", async () => {
    const session = open.write("alice");
    await session.prisma(async (client) => {
      await Promise.all(
        Array.from({ length: 20 }, (_, index) => client.todo.create({ data: { title: `todo ${index}` } })),
      );
      const [all, one, count] = await Promise.all([
        client.todo.findMany(),
        client.todo.findFirst({ where: { title: "todo 7" } }),
        client.todo.count(),
      ]);
      expect([all.length, one?.title, count]).toEqual([20, "todo 7", 20]);
    });
    await session.rollback();
  });

  test("undoes with a savepoint what it wrote in it", async () => {
    const session = open.write("alice");
    await session.prisma((client) => client.todo.create({ data: { title: "kept" } }));
    const item = session.savepoint(() => session.prisma((client) => client.todo.create({ data: { title: "kept" } })));
    expect(await failureOf(item)).toMatchObject({ code: "CONFLICT" });
    await session.prisma((client) => client.todo.create({ data: { title: "kept too" } }));
    await session.commit();
    expect(await titles()).toEqual(["kept", "kept too"]);
  });
});

describe("an error of Prisma", () => {
  const failing = async (work: (client: TransactionClient) => Promise<unknown>) => {
    const session = open.write("alice");
    await session.prisma((client) => client.todo.create({ data: { title: "taken" } }));
    const failure = await failureOf(session.prisma(work));
    await session.rollback();
    expect(await titles()).toEqual([]);
    return failure;
  };

  test("becomes CONFLICT for a unique key, without its name", async () => {
    const failure = await failing((client) => client.todo.create({ data: { title: "taken" } }));
    expect(failure).toMatchObject({
      code: "CONFLICT",
      message: "This conflicts with what is stored.",
      cause: { code: "23505" },
    });
  });

  test("becomes NOT_FOUND for a row that is not there, or belongs to somebody else", async () => {
    const id = await addTodo("bob", "his");
    const update = (client: TransactionClient) => client.todo.update({ where: { id }, data: { done: true } });
    const session = open.write("alice");
    expect(await failureOf(session.prisma(update))).toMatchObject({
      code: "NOT_FOUND",
      message: "This does not exist.",
    });
    await session.rollback();
    expect(await database.admin("select done from todos")).toEqual([{ done: false }]);
  });

  test("carries the reason of our own errors, and the code of row-level security", async () => {
    expect(await failing((client) => client.todo.create({ data: { title: "forbidden" } }))).toMatchObject({
      code: "FORBIDDEN",
      reason: 52109,
      requires: "notes.create",
    });
    const forged = (client: TransactionClient) =>
      client.todo.create({ data: { title: "forged", ownerId: "00000000-0000-0000-0000-000000000001" } });
    expect(await failing(forged)).toMatchObject({ code: "FORBIDDEN", cause: { code: "42501" } });
  });

  test("becomes TIMEOUT when the session's limit is over", async () => {
    const session = openers(createSessions(pool, { statementTimeoutMillis: 50 })).read("alice");
    expect(await failureOf(session.prisma((client) => client.$queryRaw`select pg_sleep(5)::text`))).toMatchObject({
      code: "TIMEOUT",
    });
    await session.rollback();
  });

  test("is UNAVAILABLE when the connection is lost, and the next session is served", async () => {
    const session = open.write("alice");
    await session.prisma((client) => client.todo.create({ data: { title: "lost" } }));
    await database.admin(
      "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and usename = 'authenticator' and state like 'idle in%'",
    );
    expect(await failureOf(session.prisma((client) => client.todo.count()))).toMatchObject({ code: "UNAVAILABLE" });
    await session.rollback();
    const next = open.read("bob");
    expect(await next.prisma((client) => client.todo.count())).toBe(0);
    await next.commit();
  });

  test("passes through when it is the work's own", async () => {
    const session = open.read("alice");
    expect(await failureOf(session.prisma(() => Promise.reject(new RangeError("mine"))))).toMatchObject({
      message: "mine",
    });
    await session.rollback();
  });
});

describe("Prisma and two callers", () => {
  test("hides a row from the other caller when both ask for it in the same tick", async () => {
    const id = await addTodo("alice", "hers");
    const ask = async (subject: string) => {
      const session = open.read(subject);
      const found = await session.prisma((client) => client.todo.findUnique({ where: { id } }));
      await session.commit();
      return found?.title ?? null;
    };
    await Promise.all([ask("alice"), ask("bob")]);
    for (let round = 0; round < 50; round++)
      expect(await Promise.all([ask("bob"), ask("alice"), ask("carol"), ask("alice")])).toEqual([
        null,
        "hers",
        null,
        "hers",
      ]);
  });

  test("reads for each of many callers at once only what is theirs, through batched look-ups", async () => {
    const subjects = Array.from({ length: 12 }, (_, index) => `caller-${index}`);
    const ids = await Promise.all(subjects.map((subject) => addTodo(subject, `of ${subject}`)));
    const seen = await Promise.all(
      subjects.map(async (subject) => {
        const session = open.read(subject);
        const found = await session.prisma((client) =>
          Promise.all(ids.map((id) => client.todo.findUnique({ where: { id } }))),
        );
        await session.commit();
        return found.flatMap((todo) => todo?.title ?? []);
      }),
    );
    expect(seen).toEqual(subjects.map((subject) => [`of ${subject}`]));
  });

  test("denies a client that outlives its session", async () => {
    const session = open.read("alice");
    const kept: TransactionClient[] = [];
    await session.prisma(async (client) => void kept.push(client));
    await session.commit();
    await expect(kept[0]?.todo.findMany()).rejects.toThrow();
    expect((await pool.query(sql("select current_user as role")))[0]).toEqual({ role: "authenticator" });
  });
});
