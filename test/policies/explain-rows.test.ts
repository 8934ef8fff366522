/** In charge of what PostgreSQL says about single rows: by which way they are open, which policy hides them, and from whom. */
import { beforeAll, describe, expect, test } from "vitest";
import { arranger } from "../support/arrange.js";
import { useCallers } from "../support/callers.js";

const { as, database } = useCallers();
const arrange = arranger(database);
const [jane, bob, erin, alice] = ["jane@acme.test", "bob@acme.test", "erin@acme.test", "alice@acme.test"];

const milk = "70d00000-0000-4000-8000-000000000001"; // alice's, at the root, shared with the office for writing
const plants = "70d00000-0000-4000-8000-000000000003"; // bob's own
const store = "70d00000-0000-4000-8000-000000000004"; // jane's, at campus/chicago
const foreign = "70d00000-0000-4000-8000-000000000005"; // globex'
const absent = "70d00000-0000-4000-8000-00000000ffff";

// biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
type Answer = any;

const explain = (who: string, row: string, command: string, user: string | null = null): Promise<Answer> =>
  as(who).value("select iam.explain_row('public.todos', $1, $2, $3)", row, command, user);
const labels = ({ chain }: Answer) => chain.map(({ label }: { readonly label: string }) => label);

beforeAll(async () => {
  await arrange.grant({ user: bob, feature: "todos.delete", scope: "campus/chicago" });
});

describe("a row", () => {
  test.each([
    ["its owner", bob, plants, "delete", [bob, "owner"], "todos_delete_user"],
    ["a sharee through groups", jane, milk, "update", [jane, "Chicago Office", "Office", "share"], "todos_update_user"],
    [
      "a holder of the feature",
      erin,
      plants,
      "read",
      [erin, "auditor", "todos.read", "tenant/acme"],
      "todos_select_user",
    ],
    ["a holder of everything", alice, store, "share", [alice, "tenant_owner", "*", "tenant/acme"], null],
  ])("is open to %s, by a chain that says how", async (_, who, row, command, chain, policy) => {
    for (const user of who === erin ? [null] : [null, who]) {
      const answer = await explain(user === null ? who : erin, row, command, user);
      expect(answer).toMatchObject({ allowed: true, exists: true, visible: true, reason: "ALLOWED", policy });
      expect(labels(answer)).toEqual(chain);
    }
  });

  test("is hidden by a policy with a name, for who may know", async () => {
    expect(await explain(erin, plants, "update", jane)).toEqual({
      allowed: false,
      exists: true,
      visible: false,
      reason: "ROW_HIDDEN",
      policy: "todos_select_user",
      chain: [],
    });
  });

  test("is visible, and closed to the command by a policy with a name", async () => {
    expect(await explain(bob, milk, "delete")).toMatchObject({
      allowed: false,
      visible: true,
      reason: "NO_WAY",
      policy: "todos_delete_user",
    });
  });

  test("stays closed to who could change it and doesn't see it", async () => {
    expect(await explain(erin, store, "delete", bob)).toMatchObject({
      allowed: false,
      visible: false,
      reason: "ROW_HIDDEN",
    });
  });

  test("has no command that its table doesn't offer", async () => {
    const { rows } = await database.owner.query<{ id: string }>("select id from public.sales where campus = 'chicago'");
    const ask = (command: string) =>
      as(jane).value("select iam.explain_row('public.sales', $1, $2)", rows[0]?.id, command) as Promise<Answer>;
    expect(await ask("delete")).toMatchObject({ allowed: false, visible: true, reason: "NOT_OFFERED" });
    expect(labels(await ask("read"))).toEqual([jane, "sales_manager", "view_sales_page", "campus/chicago"]);
  });

  test("is explained on protected tables only", async () => {
    for (const table of ["iam.users", "public.nothing", "public.todo_shares"])
      expect(await as(erin).trial("select iam.explain_row($1, $2, 'read')", table, milk)).toBe("PT400");
  });
});

describe("who is entitled", () => {
  test("tells absent from hidden, and others can't", async () => {
    expect(await explain(erin, absent, "read", bob)).toMatchObject({ exists: false, reason: "ROW_ABSENT" });
    expect(await explain(erin, foreign, "read", bob)).toMatchObject({ exists: false, reason: "ROW_ABSENT" });
    const answers = await Promise.all(
      [plants, absent, foreign].map(async (row) => JSON.stringify(await explain(jane, row, "update"))),
    );
    expect(new Set(answers).size).toBe(1);
    expect(JSON.parse(answers[0] ?? "")).toEqual({
      allowed: false,
      exists: null,
      visible: false,
      reason: "NOT_FOUND",
      chain: [],
    });
  });

  test("is he who holds iam.explain at the row's scope, and nobody else: hidden, visible and absent are denied alike", async () => {
    const ask = (row: string) => as(jane).trial("select iam.explain_row('public.todos', $1, 'read', $2)", row, bob);
    const before = await Promise.all([milk, plants, store, absent, foreign].map(ask));
    expect(before).toEqual(["52109", "52109", "52109", "52109", "52109"]);
    const id = await arrange.grant({ user: jane, feature: "iam.explain", scope: "campus/chicago" });
    const after = await Promise.all([milk, plants, store, absent, foreign].map(ask));
    expect(after).toEqual(["52109", "52109", "allowed", "52109", "52109"]);
    await database.owner.query("delete from iam.grants where id = $1", [id]);
  });
});

describe("a policy that reads a table beside", () => {
  const within = async (condition: string, check: () => Promise<void>) => {
    await database.owner.query(
      `create policy todos_select_beside on public.todos as restrictive for select to web_user using (${condition})`,
    );
    await check().finally(() => database.owner.query("drop policy todos_select_beside on public.todos"));
  };

  test("hides what its reader doesn't see there, and allows what he does", async () => {
    await within("exists (select from public.sales s where s.campus = 'chicago')", async () => {
      expect(await explain(erin, store, "read", jane)).toMatchObject({ allowed: true });
      expect(await explain(erin, plants, "read", bob)).toMatchObject({
        reason: "ROW_HIDDEN",
        policy: "todos_select_beside",
      });
    });
  });

  test.each([
    "exists (select from public.sales s join public.chats c on c.tenant_id = s.tenant_id)",
    "exists (select from public.sales s where s.campus <> 'FROM public.sales ')",
  ])("is refused where it can't be told what its reader sees: %s", async (condition) => {
    await within(condition, async () => {
      expect(await as(bob).trial("select iam.explain_row('public.todos', $1, 'read')", plants)).toBe("PT400");
    });
  });
});

describe("the session", () => {
  test("goes on as who asked, after an answer about another and after an error in one", async () => {
    const mine = await as(erin).value("select iam.caller_id()");
    await as(erin).within(async ({ sql }) => {
      await sql("select iam.explain_row('public.todos', $1, 'update', $2)", plants, jane);
      expect(await sql("select iam.caller_id() as id")).toEqual([{ id: mine }]);
      await sql("select count(*) from iam.rows_open_to('public.todos', 'update', $1)", jane);
      expect(await sql("select iam.caller_id() as id")).toEqual([{ id: mine }]);
    });
  });

  test("is denied the steps themselves", async () => {
    expect(await as(erin).trial("select iam.step_into($1)", absent)).toBe("42501");
    expect(await as(erin).trial("select iam.judge_row('public.todos', $1, 'r', $1)", absent)).toBe("42501");
    expect(await as(erin).trial("select iam.ways_to_todos($1, 'read')", milk)).toBe("42501");
  });
});
