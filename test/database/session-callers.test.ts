/** In charge of sessions over the real schema: who gets one, who is refused and why, and what each then reads and writes. */
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import type { Caller } from "../../src/caller.js";
import { createPool, type Pool } from "../../src/database/pool.js";
import { createSessions, type SessionOptions, type Sessions } from "../../src/database/session.js";
import { useTestDatabase } from "../support/database.js";
import { failureOf, sql } from "../support/sessions.js";

const database = useTestDatabase();
let pool: Pool;
let sessions: Sessions;

beforeAll(() => {
  pool = createPool({ url: database.url, size: 4, acquireTimeoutMillis: 5_000, prepare: true });
  sessions = createSessions(pool, { lockTimeoutMillis: 200 });
});
afterAll(() => pool?.close());

const person = (subject: string, tenant: string | null = null): Caller => ({
  kind: "token",
  issuer: inject("cluster").demoIssuer.issuer,
  subject,
  tenant,
  actAs: null,
  expiresAt: 4_102_444_800,
});
const base: SessionOptions = { mode: "read", isSingleStatement: true, changesAuthority: false, requestId: "test" };
const titlesOf = (rows: readonly Record<string, unknown>[]) => rows.map((row) => row.title);
const readTodos = sql("select title from public.todos order by title");

async function read(caller: Caller) {
  const session = sessions.open(caller, base);
  const rows = await session.run(readTodos);
  await session.commit();
  return titlesOf(rows);
}

describe("a session over the real schema", () => {
  test("opens for a member in his only tenant", async () => {
    const session = sessions.open(person("bob@acme.test"), base);
    expect(await session.identity()).toEqual({
      userId: "00000000-0000-4000-8000-0000000000b0",
      tenantId: "acacacac-0000-4000-8000-000000000001",
      actorId: null,
      kind: "user",
    });
    await session.commit();
  });

  test("reads for each caller what is his, and hides the rest", async () => {
    const [alice, bob, carol] = await Promise.all([
      read(person("alice@acme.test")),
      read(person("bob@acme.test")),
      read(person("carol@globex.test")),
    ]);
    expect(bob).toEqual(expect.arrayContaining(["Buy milk for the office", "Water the plants"]));
    expect(bob).not.toContain("Plan the offsite");
    expect(alice).toEqual(expect.arrayContaining(["Plan the offsite", ...bob]));
    expect(carol.filter((title) => alice.includes(title))).toEqual([]);
    expect(await failureOf(read({ kind: "anonymous", tenant: "acme" }))).toMatchObject({ code: "FORBIDDEN" });
  });

  test("reads through Prisma the same rows as by hand", async () => {
    for (const subject of ["alice@acme.test", "bob@acme.test", "carol@globex.test"]) {
      const session = sessions.open(person(subject), base);
      const todos = await session.prisma((client) => client.todo.findMany({ orderBy: { title: "asc" } }));
      await session.commit();
      expect(titlesOf(todos)).toEqual(await read(person(subject)));
    }
  });

  test("denies a row in another's name to Prisma too, and writes nothing", async () => {
    const session = sessions.open(person("bob@acme.test"), { ...base, mode: "write" });
    const forged = session.prisma((client) =>
      client.todo.create({ data: { title: "forged", ownerId: "00000000-0000-4000-8000-0000000000a1" } }),
    );
    expect(await failureOf(forged)).toMatchObject({ code: "FORBIDDEN" });
    expect(await failureOf(session.commit())).toMatchObject({ code: "FORBIDDEN" });
    expect((await database.owner.query("select from public.todos where title = 'forged'")).rowCount).toBe(0);
  });

  test("writes a row of his own with the defaults of the caller, by hand and through Prisma", async () => {
    const session = sessions.open(person("bob@acme.test"), { ...base, mode: "write" });
    const [made] = await session.run<{ id: string; owner_id: string }>(
      sql("insert into public.todos (title) values ('mine') returning id, owner_id"),
    );
    expect(made?.owner_id).toBe("00000000-0000-4000-8000-0000000000b0");
    const done = session.prisma((client) =>
      client.todo.update({ where: { id: made?.id ?? "" }, data: { done: true } }),
    );
    expect(await done).toMatchObject({ title: "mine", done: true });
    await session.rollback();
  });
});

describe("a refused session", () => {
  const refusalOf = async (caller: Caller) => {
    const session = sessions.open(caller, base);
    const failure = await failureOf(session.run(readTodos));
    expect(session.refusal).not.toBeNull();
    await session.rollback();
    return failure;
  };

  test("denies an unknown subject with its reason, as FORBIDDEN", async () => {
    expect(await refusalOf(person("mallory@elsewhere.test"))).toMatchObject({ code: "FORBIDDEN", reason: 52103 });
  });

  test("denies an unknown and a foreign tenant with one and the same answer", async () => {
    const [unknown, foreign] = await Promise.all([
      refusalOf(person("bob@acme.test", "no-such-tenant")),
      refusalOf(person("bob@acme.test", "globex")),
    ]);
    expect({ ...unknown, cause: null }).toEqual({ ...foreign, cause: null });
    expect(unknown).toMatchObject({ code: "FORBIDDEN", reason: 52108, http: { status: 403 } });
  });

  test.each([
    ["disabled", "update iam.users set is_active = $1 where email = 'jane@acme.test'", 52105],
    ["locked", "update iam.users set is_locked = not $1 where email = 'jane@acme.test'", 52106],
    ["provided by somebody switched off", "update iam.providers set is_enabled = $1 where code = 'demo'", 52107],
  ])(
    "denies a caller who is %s from the next operation on, and allows him after it is mended",
    async (_, change, reason) => {
      const jane = person("jane@acme.test");
      await read(jane);
      await database.owner.query(change, [false]);
      expect(await refusalOf(jane)).toMatchObject({ code: "FORBIDDEN", reason });
      await database.owner.query(change, [true]);
      expect(await read(jane)).toBeDefined();
    },
  );

  test("denies a tenant slug that PostgreSQL cannot even read", async () => {
    expect(await refusalOf(person("bob@acme.test", "ac\0me"))).toMatchObject({ code: "BAD_USER_INPUT" });
  });
});

describe("the lock of a mutation", () => {
  const write = (subject: string, changesAuthority: boolean) =>
    sessions.open(person(subject), { ...base, mode: "write", changesAuthority });

  test("allows two ordinary mutations of a tenant at once", async () => {
    const [first, second] = [write("alice@acme.test", false), write("bob@acme.test", false)];
    await first.run(sql("select 1"));
    expect(await second.run(sql("select 1 as one"))).toEqual([{ one: 1 }]);
    await Promise.all([first.rollback(), second.rollback()]);
  });

  test("denies a change of authority while another mutation runs, as a CONFLICT to try again, and allows it afterwards", async () => {
    const running = write("bob@acme.test", false);
    await running.run(sql("select 1"));
    const refused = write("alice@acme.test", true);
    expect(await failureOf(refused.run(sql("select 1")))).toMatchObject({ code: "CONFLICT", retryable: true });
    await Promise.all([running.rollback(), refused.rollback()]);
    const allowed = write("alice@acme.test", true);
    expect(await allowed.run(sql("select 1 as one"))).toEqual([{ one: 1 }]);
    await allowed.rollback();
  });

  test("sends a first write once more when its tenant changed under it, and the caller never learns", async () => {
    const writer = write("bob@acme.test", false);
    await database.owner.query("create sequence public.tries; grant usage on sequence public.tries to web_user");
    const fails = sql(
      "select case when nextval('public.tries') = 1 then iam.raise_serialization() else 'served' end as answer",
    );
    await database.owner.query(
      "create function iam.raise_serialization() returns text language plpgsql as $$ begin raise serialization_failure; end $$; grant execute on function iam.raise_serialization() to web_user",
    );
    expect(await writer.run(fails)).toEqual([{ answer: "served" }]);
    await writer.rollback();
  });
});
