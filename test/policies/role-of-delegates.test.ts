/**
 * In charge of the role that a session takes: what is asked of delegates is asked of web_delegate alone, so a delegate in
 * any other role is nobody; and in that role somebody who is no delegate is who he was.
 */
import { beforeAll, describe, expect, test } from "vitest";
import { arrangeKey } from "../support/api-keys.js";
import { arranger } from "../support/arrange.js";
import { type SqlCaller, type Transaction, useCallers } from "../support/callers.js";

const { as, keyed, database } = useCallers();
const arrange = arranger(database);
const alice = "alice@acme.test";
const helper = "helper@acme.test";
let key: string;
let tables: readonly string[];

beforeAll(async () => {
  await arrange.user(helper);
  await arrange.grant({ user: helper, feature: "*", scope: "tenant/acme" });
  key = (await arrangeKey(database, { user: alice, given: [["*", "tenant/acme"]] })).text;
  const { rows } = await database.owner.query<{ name: string }>(
    "select c.oid::regclass::text as name from pg_class c where c.relrowsecurity and has_any_column_privilege('web_user', c.oid, 'select') order by 1",
  );
  tables = rows.map(({ name }) => name);
});

const delegates: readonly (readonly [string, () => SqlCaller])[] = [
  ["whoever acts as the user", () => as(helper, { tenant: "acme", actAs: alice })],
  ["an API key", () => keyed(key)],
];

const become = (role: string) => `select set_config('role', '${role}', true)`;

async function seenIn({ sql }: Transaction): Promise<Readonly<Record<string, number>>> {
  const counts: Record<string, number> = {};
  for (const table of tables) {
    const [row] = await sql<{ count: number }>(`select count(*)::int as count from ${table}`);
    counts[table] = row?.count ?? 0;
  }
  return counts;
}

describe.each(delegates)("%s", (_, who) => {
  test("sees rows in the role of delegates, and none in that of users", async () => {
    const seen = await who().within(seenIn);
    expect(seen).toMatchObject({ todos: expect.any(Number), "iam.grants": expect.any(Number) });
    expect(Math.min(seen.todos ?? 0, seen["iam.grants"] ?? 0)).toBeGreaterThan(0);
    const unjudged = await who().within(async (transaction) => {
      await transaction.sql(become("web_user"));
      return await seenIn(transaction);
    });
    expect(Object.entries(unjudged).filter(([, count]) => count > 0)).toEqual([]);
  });

  test("is nobody in the role of users, and may nothing", async () => {
    const asked = `select iam.caller_id() is null as is_nobody, iam.caller_tenant_id() is null as is_nowhere,
      iam.can('todos.read', 'tenant/acme') as can, iam.holds_somewhere('todos.read') as somewhere`;
    expect(await who().within(({ sql }) => sql(asked))).toEqual([
      { is_nobody: false, is_nowhere: false, can: true, somewhere: true },
    ]);
    expect(
      await who().within(async ({ sql }) => {
        await sql(become("web_user"));
        return await sql(asked);
      }),
    ).toEqual([{ is_nobody: true, is_nowhere: true, can: false, somewhere: false }]);
  });

  test.each(["insert into todos (title) values ('Mine')", "select iam.create_group('Mine')"])(
    "is denied in the role of users: %s",
    async (statement) => {
      const outcome = (role: string) =>
        who()
          .within(async ({ sql }) => {
            await sql(become(role));
            await sql(statement);
            throw new RangeError("allowed");
          })
          .catch((error: Error & { extensions?: { code?: string } }) => error.extensions?.code ?? error.message);
      expect(await outcome("web_user")).not.toBe("allowed");
      expect(await outcome("web_delegate")).toBe("allowed");
    },
  );
});

test("sees in the role of delegates what he saw, who is none", async () => {
  const own = as(alice, { tenant: "acme" });
  const asDelegate = await own.within(async (transaction) => {
    await transaction.sql(become("web_delegate"));
    return await seenIn(transaction);
  });
  expect(asDelegate).toEqual(await own.within(seenIn));
});
