/** In charge of acting as somebody through HTTP: both must be allowed everything, row by row, and both are written down. */
import { beforeAll, describe, expect, it } from "vitest";
import { arranger } from "../support/arrange.js";
import { dataOf } from "../support/asking.js";
import { useAuditedGateway } from "../support/audited-gateway.js";

const gateway = useAuditedGateway();
const [alice, bob, jane] = ["alice@acme.test", "bob@acme.test", "jane@acme.test"] as const;
const helper = "helper@acme.test";
const clerk = "clerk@acme.test";
const titles = "{ todos { nodes { title } } }";

const ask = (who: string, query: string, actAs?: string) =>
  gateway.ask(who, query, { headers: { "x-tenant": "acme", ...(actAs === undefined ? {} : { "x-act-as": actAs }) } });
const reads = async (who: string, query: string, actAs?: string) => dataOf(await ask(who, query, actAs));
const refusalOf = async (who: string, query: string, actAs?: string) => {
  const { status, body } = await ask(who, query, actAs);
  const { code, reason } = body.errors?.[0].extensions ?? {};
  return { status, code, reason, data: body.data };
};
const sql = async (text: string, ...parameters: readonly unknown[]) =>
  (await gateway.database.owner.query(text, [...parameters])).rows;

beforeAll(async () => {
  const arrange = arranger(gateway.database);
  const grants = [
    [helper, "iam.impersonate", "tenant/acme"],
    [helper, "todos.read", "campus/chicago"],
    [helper, "todos.update", "campus/chicago"],
    [clerk, "todos.read", "tenant/acme"],
    [clerk, "todos.delete", "campus/chicago"],
    [clerk, "iam.impersonate", "campus/chicago"],
    [jane, "todos", "store/42"],
  ] as const;
  for (const user of [helper, clerk]) await arrange.user(user);
  for (const [user, feature, scope] of grants) await arrange.grant({ user, feature, scope });
  await sql(`insert into public.todos (tenant_id, owner_id, scope_id, title)
    select s.tenant_id, u.id, s.id, split_part(u.email, '@', 1) || ' at ' || s.key
    from iam.users u, iam.scopes s
    where u.email in ('alice@acme.test', 'bob@acme.test', 'jane@acme.test', 'helper@acme.test', 'clerk@acme.test')
      and s.tenant_id = (select id from iam.tenants where slug = 'acme')
      and s.key in ('acme', 'chicago', '42')`);
});

interface Outcome {
  readonly read: boolean;
  readonly update: boolean;
  readonly delete: boolean;
}

// A second field that always fails undoes the first: whether that one was allowed is in the errors' paths.
async function tries(who: string, call: string, actAs?: string): Promise<boolean> {
  const nothing = 'undo: deleteTodo(input: { id: "Todo:00000000-0000-4000-8000-000000000000" }) { id }';
  const { body } = await ask(who, `mutation { tried: ${call} ${nothing} }`, actAs);
  return !body.errors.some(({ path }: { readonly path: readonly string[] }) => path[0] === "tried");
}

async function outcomes(who: string, actAs?: string): Promise<ReadonlyMap<string, Outcome>> {
  const ids = (await sql("select 'Todo:' || id as id from public.todos order by id")).map(({ id }) => String(id));
  const each = ids.map((id, at) => `_${at}: todo(id: "${id}") { id }`).join(" ");
  const asked = await reads(who, `{ todos(first: 100) { nodes { id } } ${each} }`, actAs);
  const seen = new Set(asked.todos.nodes.map(({ id }: { readonly id: string }) => id));
  const found = new Map<string, Outcome>();
  for (const [at, id] of ids.entries()) {
    expect(asked[`_${at}`] !== null).toBe(seen.has(id));
    found.set(id, {
      read: seen.has(id),
      update: await tries(who, `updateTodo(input: { id: "${id}", done: true }) { todo { id } }`, actAs),
      delete: await tries(who, `deleteTodo(input: { id: "${id}" }) { id }`, actAs),
    });
  }
  return found;
}

const alone = new Map<string, Promise<ReadonlyMap<string, Outcome>>>();
function outcomesAlone(who: string): Promise<ReadonlyMap<string, Outcome>> {
  const known = alone.get(who) ?? outcomes(who);
  alone.set(who, known);
  return known;
}

describe("acting as somebody", () => {
  it.each([
    [helper, alice],
    [helper, jane],
    [helper, clerk],
    [alice, bob],
    [alice, clerk],
    [alice, helper],
  ])(
    "allows %s as %s what both may do with each row, and nothing else",
    async (who, whom) => {
      const [mine, theirs, ours] = [await outcomesAlone(who), await outcomesAlone(whom), await outcomes(who, whom)];
      const both = (of: keyof Outcome, id: string) => mine.get(id)?.[of] === true && theirs.get(id)?.[of] === true;
      const expected = [...ours.keys()].map((id) => [
        id,
        { read: both("read", id), update: both("update", id), delete: both("delete", id) },
      ]);
      expect([...ours]).toEqual(expected);
      expect(expected.length).toBeGreaterThan(15);
      expect([...ours.values()].some(({ read }) => read)).toBe(true);
      expect([...ours.values()].every(({ read }) => read)).toBe(false);
    },
    120_000,
  );

  it("writes as the other one: what is made is his, where both may make it", async () => {
    const create = (scope: string) =>
      `mutation { createTodo(input: { title: "Acted", scope: "${scope}" }) { todo { owner { email } } } }`;
    expect(await reads(alice, create("store/42"), jane)).toEqual({ createTodo: { todo: { owner: { email: jane } } } });
    for (const [who, whom] of [
      [helper, jane],
      [helper, alice],
      [alice, helper],
    ] as const)
      expect(await refusalOf(who, create("store/42"), whom)).toMatchObject({ code: "FORBIDDEN", data: null });
    expect(await sql("select from public.todos where title = 'Acted'")).toHaveLength(1);
  });

  it("hides fields that only one of them may read", async () => {
    const query = '{ todo(id: "Todo:70d00000-0000-4000-8000-000000000004") { title internalNote } }';
    for (const [who, whom] of [
      [helper, alice],
      [alice, clerk],
    ] as const)
      expect(await refusalOf(who, query, whom)).toMatchObject({
        code: "FORBIDDEN",
        data: { todo: { internalNote: null } },
      });
  });

  it.each([
    ["somebody of another tenant", helper, "carol@globex.test", 403, 52103],
    ["somebody who is nobody", helper, "nobody@acme.test", 403, 52103],
    ["without the feature", bob, jane, 403, 52109],
    ["with the feature at one campus only", clerk, jane, 403, 52109],
    ["two at once", helper, `${bob}, ${jane}`, 403, 52103],
    ["a name with a wildcard", helper, "%@acme.test", 403, 52103],
  ])("is denied: %s", async (_why, who, whom, status, reason) => {
    expect(await refusalOf(who, titles, whom)).toMatchObject({ status, reason });
  });

  it("is not chained: who is acted as lends nothing of what he could act as", async () => {
    expect(await refusalOf(bob, titles, helper)).toMatchObject({ status: 403, reason: 52109 });
    const both = await gateway.ask(alice, titles, { headers: { "x-tenant": "acme", "x-act-as": `${helper},${jane}` } });
    expect(both.status).toBe(403);
  });

  it("is nothing without a token", async () => {
    const { body } = await gateway.ask(null, titles, { headers: { "x-tenant": "acme", "x-act-as": bob } });
    expect(body).toMatchObject({ errors: [{ extensions: { code: "BAD_USER_INPUT" } }] });
    expect(body.data).toBeUndefined();
  });

  it("ends with the request after the feature was revoked, or the one or the other was locked", async () => {
    const lock = "update iam.users set is_locked = $2 where email = $1";
    for (const who of [bob, helper]) {
      await sql(lock, who, true);
      expect(await refusalOf(helper, titles, bob)).toMatchObject({ status: 403, reason: 52106 });
      await sql(lock, who, false);
      expect((await ask(helper, titles, bob)).status).toBe(200);
    }
    const [grant] = await sql(
      "select 'Grant:' || g.id as id from iam.grants g join iam.users u on u.id = g.user_id join iam.features f on f.id = g.feature_id where u.email = $1 and f.code = 'iam.impersonate'",
      helper,
    );
    await reads(alice, `mutation { revokeGrant(input: { id: "${grant.id}" }) { revoked } }`);
    expect(await refusalOf(helper, titles, bob)).toMatchObject({ status: 403, reason: 52109 });
    await reads(
      alice,
      `mutation { grantFeature(input: { user: "${helper}", feature: "iam.impersonate" , scope: "tenant/acme" }) { grant { id } } }`,
    );
    expect((await ask(helper, titles, bob)).status).toBe(200);
  });

  it("writes down both: of what was done, of what was denied, and of what failed", async () => {
    const [ids] = await sql(
      "select a.id as actor_id, b.id as user_id from iam.users a, iam.users b where a.email = $1 and b.email = $2",
      alice,
      bob,
    );
    await reads(
      alice,
      `mutation { grantFeature(input: { user: "${bob}", feature: "iam.groups", scope: "tenant/acme" }) { grant { id } } }`,
    );
    for (const [call, code] of [
      ['lockGroup(input: { group: "Office" }) { group { id } }', 50207],
      ['createRole(input: { code: "acted", name: "Acted" }) { role { id } }', 50900],
      ['unlockGroup(input: { group: "Nowhere" }) { group { id } }', 50901],
    ] as const) {
      const { requestId } = await ask(alice, `mutation { ${call} }`, bob);
      expect([code, await gateway.eventsOf(requestId)]).toMatchObject([code, [{ code, ...ids }]]);
    }
  });
});
