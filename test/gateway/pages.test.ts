/** Pages: every row once, in every order, in both directions; and what a page says of itself. */
import { beforeAll, describe, expect, it } from "vitest";
import { useWorld } from "../support/world.js";

const world = useWorld();
const count = 23;

beforeAll(async () => {
  // Moments a microsecond apart, and some the same: nothing may be lost to rounding or to ties. Every third has no note.
  await world.database.owner.query(
    `insert into public.todos (tenant_id, owner_id, scope_id, title, done, internal_note, created_at)
     select t.tenant_id, t.owner_id, t.scope_id, 'Row ' || n, n % 2 = 0, case when n % 3 > 0 then 'note ' || n % 5 end,
            timestamptz '2026-03-01' + (n / 2) * interval '1 microsecond'
     from public.todos t cross join generate_series(1, $1) n
     where t.title = 'Hire a CFO'`,
    [count - 1],
  );
});

interface Page {
  readonly edges: readonly { readonly cursor: string; readonly node: { readonly id: string } }[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string;
    readonly endCursor: string;
  };
}

async function page(args: Readonly<Record<string, unknown>>): Promise<Page> {
  const { body } = await world.as(
    "carol",
    `query ($first: Int, $after: String, $last: Int, $before: String, $orderBy: [TodoOrder!]) {
      todos(first: $first, after: $after, last: $last, before: $before, orderBy: $orderBy) {
        edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      }
    }`,
    args,
  );
  return body.data.todos;
}

async function walk(orderBy: readonly object[] | null, isBackward: boolean): Promise<readonly string[]> {
  const found: string[] = [];
  let cursor: string | null = null;
  for (;;) {
    const part: Page = await page(
      isBackward ? { last: 5, before: cursor, orderBy } : { first: 5, after: cursor, orderBy },
    );
    const ids = part.edges.map(({ node }) => node.id);
    if (isBackward) found.unshift(...ids);
    else found.push(...ids);
    if (!(isBackward ? part.pageInfo.hasPreviousPage : part.pageInfo.hasNextPage)) return found;
    cursor = isBackward ? part.pageInfo.startCursor : part.pageInfo.endCursor;
  }
}

const orders: readonly (readonly [string, readonly object[] | null])[] = [
  ["the default order", null],
  ["ascending time", [{ createdAt: "ASC" }]],
  ["a column with ties", [{ done: "DESC" }]],
  ["a nullable column, ascending", [{ internalNote: "ASC" }]],
  ["a nullable column, descending", [{ internalNote: "DESC" }]],
  ["mixed directions", [{ done: "ASC" }, { internalNote: "DESC" }, { title: "ASC" }]],
];

describe.each(orders)("walking in %s", (_name, orderBy) => {
  it("reads every row once, and the same forwards as backwards", async () => {
    const all = (await page({ first: 100, orderBy })).edges.map(({ node }) => node.id);
    expect(new Set(all).size).toBe(count);
    expect(await walk(orderBy, false)).toEqual(all);
    expect(await walk(orderBy, true)).toEqual(all);
  });
});

describe("a page", () => {
  it("reads whether rows precede and follow it, from either end", async () => {
    const whole = await page({ first: 100 });
    const at = (index: number) => whole.edges[index]?.cursor;
    const flags = async (args: object) => {
      const { pageInfo } = await page({ ...args });
      return [pageInfo.hasPreviousPage, pageInfo.hasNextPage];
    };
    expect(await flags({ first: 100 })).toEqual([false, false]);
    expect(await flags({ first: 5 })).toEqual([false, true]);
    expect(await flags({ first: 5, after: at(0) })).toEqual([true, true]);
    expect(await flags({ first: 5, after: at(count - 2) })).toEqual([true, false]);
    expect(await flags({ last: 5 })).toEqual([true, false]);
    expect(await flags({ last: 5, before: at(3) })).toEqual([false, true]);
    expect(await flags({ first: 2, after: at(2), before: at(5) })).toEqual([true, true]);
    expect(await flags({ last: 2, after: at(2), before: at(5) })).toEqual([true, true]);
  });

  it("reads 20 rows when nothing is said, and none when none are asked", async () => {
    expect((await page({})).edges).toHaveLength(20);
    const none = await page({ first: 0 });
    expect([none.edges, none.pageInfo]).toEqual([
      [],
      { hasNextPage: true, hasPreviousPage: false, startCursor: null, endCursor: null },
    ]);
  });

  it("reads the same node under each name that it was asked by", async () => {
    const { body } = await world.as(
      "carol",
      "{ todos(first: 1) { a: edges { x: node { title } y: node { title: id } } b: nodes { done } nodes { id } } }",
    );
    const { a, b, nodes } = body.data.todos;
    expect(a).toEqual([{ x: { title: expect.stringMatching(/^Row/) }, y: { title: nodes[0].id } }]);
    expect(b).toEqual([{ done: expect.any(Boolean) }]);
  });

  it("counts all rows that match the filter, not those of the page", async () => {
    const { body } = await world.as(
      "carol",
      '{ todos(first: 2, filter: { title: { startsWith: "Row 1" } }) { totalCount nodes { id } } }',
    );
    expect(body.data.todos.totalCount).toBe(11);
    expect(body.data.todos.nodes).toHaveLength(2);
  });
});

describe("a filter", () => {
  const filters: readonly (readonly [string, number])[] = [
    ['{ title: { eq: "Row 7" } }', 1],
    ['{ title: { ne: "Row 7" } }', count - 1],
    ['{ title: { in: ["Row 7", "Row 8", "Row 99"] } }', 2],
    ["{ title: { in: [] } }", 0],
    ['{ title: { contains: "%" } }', 0],
    ['{ title: { contains: "ow 7" }, done: { eq: false } }', 1],
    ["{ internalNote: { isNull: true } }", 7],
    ["{ internalNote: { isNull: false } }", 16],
    ['{ createdAt: { gte: "2026-03-01T00:00:00.000010Z", lt: "2026-03-01T02:00:00.000011+02:00" } }', 2],
    ['{ or: [{ title: { eq: "Row 1" } }, { title: { eq: "Row 2" } }] }', 2],
    ["{ or: [] }", 0],
    ["{ and: [], not: { done: { eq: true } } }", 12],
    ['{ owner: { eq: "User:00000000-0000-4000-8000-0000000000c0" } }', count],
    ['{ owner: { in: ["User:00000000-0000-4000-8000-0000000000a1"] } }', 0],
    ['{ id: { eq: "Todo:70d00000-0000-4000-8000-000000000005" } }', 1],
  ];
  it.each(filters)("reads what %s says", async (filter, expected) => {
    const { body } = await world.as("carol", `{ todos(filter: ${filter}) { totalCount } }`);
    expect(body).toEqual({ data: { todos: { totalCount: expected } } });
  });

  it("rejects another type's id, two orders in one, and too many conditions", async () => {
    const many = Array.from({ length: 101 }, () => '{ title: { eq: "x" } }').join(" ");
    const queries = [
      '{ todos(filter: { owner: { eq: "Todo:70d00000-0000-4000-8000-000000000005" } }) { totalCount } }',
      "{ todos(orderBy: [{ title: ASC, done: ASC }]) { totalCount } }",
      `{ todos(filter: { or: [${many}] }) { totalCount } }`,
    ];
    for (const query of queries) expect((await world.as("carol", query)).status).toBe(400);
  });

  it("tells of a page whose rows are asked nothing, or only what they are", async () => {
    const { body } = await world.as(
      "carol",
      "{ some: todos(first: 5) { pageInfo { hasNextPage } } all: todos(first: 100) { pageInfo { hasNextPage } nodes { __typename } } }",
    );
    expect(body.data.some).toEqual({ pageInfo: { hasNextPage: true } });
    expect(body.data.all.pageInfo).toEqual({ hasNextPage: false });
    expect(body.data.all.nodes).toContainEqual({ __typename: "Todo" });
    expect(body.data.all.nodes.length).toBeGreaterThanOrEqual(count);
  });
});
