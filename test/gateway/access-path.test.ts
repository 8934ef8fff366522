/** The way to the rows that a caller may see changes no answer: each list, whole and page by page, is what the policies alone give. */
import pg from "pg";
import { beforeAll, describe, expect, inject, test } from "vitest";
import { cast as emails, useWorld } from "../support/world.js";

const world = useWorld();
const manyScopes = 40;

// Everybody of acme, and who else differs in what leads to his rows: few scopes, more than a list asks one by one, a deny.
const cast = ["alice", "bob", "jane", "erin", "carol"] as const;

beforeAll(async () => {
  const { owner } = world.database;
  await owner.query(`
    insert into iam.scopes (tenant_id, type, key, name, parent_id)
    select tenant_id, 'room', 'room' || i, 'Room ' || i, id from iam.scopes, generate_series(1, ${manyScopes}) i
    where type = 'tenant' and key = 'acme'`);
  await owner.query(`
    insert into iam.grants (tenant_id, user_id, feature_id, scope_id, effect)
    select s.tenant_id, u.id, f.id, s.id, given.effect::iam.grant_effect
    from (values ('bob@acme.test', 'room1', 'allow'), ('bob@acme.test', 'room2', 'allow'), ('erin@acme.test', 'room3', 'deny')) given (email, key, effect)
    join iam.users u on u.email = given.email join iam.scopes s on s.key = given.key join iam.features f on f.code = 'todos.read'
    union all
    select s.tenant_id, u.id, f.id, s.id, 'allow'
    from iam.users u, iam.scopes s, iam.features f
    where u.email = 'jane@acme.test' and s.type = 'room' and s.key <> 'room40' and f.code = 'todos.read'`);
  await owner.query(`
    insert into todos (id, tenant_id, owner_id, scope_id, title, done, created_at)
    select gen_random_uuid(), s.tenant_id, m.user_id, s.id, 'Sweep ' || s.key, s.key like '%1', timestamptz '2026-02-01' + random() * interval '1 day'
    from iam.scopes s join iam.tenant_members m on m.tenant_id = s.tenant_id where s.type = 'room'`);
  await owner.query(`
    insert into todo_shares (tenant_id, todo_id, group_id, can_read)
    select t.tenant_id, t.id, g.id, random() < 0.8 from todos t join iam.groups g on g.tenant_id = t.tenant_id and g.name = 'Office'
    where t.title like 'Sweep room_'`);
});

interface Page {
  readonly todos: {
    readonly totalCount?: number;
    readonly nodes: readonly { readonly id: string }[];
    readonly pageInfo: {
      readonly hasNextPage: boolean;
      readonly hasPreviousPage: boolean;
      readonly endCursor: string | null;
    };
  };
}

const query = `query ($after: String, $order: [TodoOrder!], $filter: TodoFilter, $isCounted: Boolean!) {
  todos(first: 17, after: $after, orderBy: $order, filter: $filter) {
    totalCount @include(if: $isCounted) nodes { id } pageInfo { hasNextPage hasPreviousPage endCursor }
  }
}`;

async function pagesOf(
  who: (typeof cast)[number],
  variables: Record<string, unknown>,
): Promise<readonly Page["todos"][]> {
  const pages: Page["todos"][] = [];
  for (let after: string | null = null, more = true; more; ) {
    const { body } = await world.as(who, query, { ...variables, after });
    const data = body.data as Page;
    pages.push(data.todos);
    ({ endCursor: after, hasNextPage: more } = data.todos.pageInfo);
  }
  return pages;
}
// What the policies alone give, asked in the plainest way.
async function plainly(who: (typeof cast)[number], tail: string): Promise<readonly string[]> {
  const client = new pg.Client({ connectionString: world.database.url });
  await client.connect();
  try {
    await client.query("begin read only");
    await client.query("select set_config('app.issuer', $1, true), set_config('app.subject', $2, true)", [
      inject("cluster").demoIssuer.issuer,
      emails[who],
    ]);
    await client.query("select iam.open_session()");
    await client.query("set local role web_user");
    const { rows } = await client.query<{ id: string }>(`select 'Todo:' || id as id from todos ${tail}`);
    return rows.map(({ id }) => id);
  } finally {
    await client.end();
  }
}

const questions = [
  ["newest first", {}, "order by created_at desc, id desc"],
  ["oldest first", { order: [{ createdAt: "ASC" }] }, "order by created_at, id"],
  ["by title", { order: [{ title: "DESC" }, { done: "ASC" }] }, "order by title desc, done, id"],
  ["filtered", { filter: { done: { eq: true } } }, "where done order by created_at desc, id desc"],
] as const;

async function expectAsPlain(
  who: (typeof cast)[number],
  variables: Record<string, unknown>,
  tail: string,
): Promise<void> {
  const expected = await plainly(who, tail);
  // whose rows are counted too is asked for all of his scopes
  for (const isCounted of [true, false]) {
    const pages = await pagesOf(who, { ...variables, isCounted });
    expect(pages.flatMap(({ nodes }) => nodes.map(({ id }) => id))).toEqual(expected);
    expect(new Set(pages.map(({ totalCount }) => totalCount))).toEqual(
      new Set([isCounted ? expected.length : undefined]),
    );
    expect(pages.map(({ pageInfo }) => pageInfo.hasPreviousPage)).toEqual(pages.map((_page, index) => index > 0));
  }
}

describe.each(cast)("the list of %s", (who) => {
  test.each(questions)("reads the rows that the policies give, each once: %s", async (_, variables, tail) => {
    await expectAsPlain(who, variables, tail);
  });
});

describe("the cast", () => {
  test("reads some of the rows each, but their holder, who reads them all", async () => {
    const counts = await Promise.all(cast.map(async (who) => (await plainly(who, "")).length));
    const [alice = 0, bob = 0, jane = 0, erin = 0] = counts;
    expect(alice).toBeGreaterThan(jane);
    expect(jane).toBeGreaterThan(bob);
    expect(erin).toBeLessThan(alice);
    expect(bob).toBeGreaterThan(17);
  });
});

// Jane's scopes are hardly a twentieth any more: she is asked for one by one, of those whose newest are the newest.
describe("the list of somebody whose many scopes are little of the tenant", () => {
  beforeAll(async () => {
    await world.database.owner.query(`
      insert into iam.scopes (tenant_id, type, key, name, parent_id)
      select tenant_id, 'desk', 'desk' || i, 'Desk ' || i, id from iam.scopes, generate_series(1, 800) i
      where type = 'tenant' and key = 'acme'`);
    // whole rooms in which everything is of one moment
    await world.database.owner.query(
      "update todos set created_at = timestamptz '2026-02-01' where title ~ '^Sweep room[12]'",
    );
  });

  test.each(questions)("reads the rows that the policies give, each once: %s", async (_, variables, tail) => {
    await expectAsPlain("jane", variables, tail);
  });
});
