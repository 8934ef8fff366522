/** In charge of cursors from a client's hands: damaged, another list's, another's; and of pages over equal keys. */
import { createHash } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { asking } from "../support/asking.js";
import { useWorld, type Who } from "../support/world.js";

const world = useWorld();
const { reads, refuses } = asking(world);

beforeAll(async () => {
  await world.database.owner.query(
    `insert into public.todos (tenant_id, owner_id, scope_id, title, created_at)
     select t.tenant_id, t.owner_id, t.scope_id, 'The same', t.created_at from public.todos t, generate_series(1, 56)
     where t.title in ('Water the plants', 'Hire a CFO')`,
  );
});

interface Page {
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string;
    readonly endCursor: string;
  };
  readonly nodes: readonly { readonly id: string }[];
}

const list = `query ($first: Int, $after: String, $last: Int, $before: String, $order: [TodoOrder!]) {
  todos(first: $first, after: $after, last: $last, before: $before, orderBy: $order) {
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor } nodes { id } } }`;
const page = async (variables: Readonly<Record<string, unknown>>, who: Who = "bob"): Promise<Page> =>
  (await reads(who, list, variables)).todos;

const orders = [
  [{ done: "ASC" }],
  [{ title: "DESC" }],
  [{ createdAt: "ASC" }],
  [{ internalNote: "DESC" }],
  [{ title: "ASC" }, { done: "DESC" }],
  [],
];

describe("pages over rows that are equal in what orders them", () => {
  it.each(orders.map((order) => [JSON.stringify(order), order] as const))(
    "reads each row once, forwards and backwards, by %s",
    async (_name, order) => {
      const all = (await page({ first: 100, order })).nodes.map(({ id }) => id);
      const forwards: string[] = [];
      for (let next: Page | null = await page({ first: 9, order }); next !== null; ) {
        forwards.push(...next.nodes.map(({ id }) => id));
        next = next.pageInfo.hasNextPage ? await page({ first: 9, after: next.pageInfo.endCursor, order }) : null;
      }
      const backwards: string[] = [];
      for (let next: Page | null = await page({ last: 9, order }); next !== null; ) {
        backwards.unshift(...next.nodes.map(({ id }) => id));
        next = next.pageInfo.hasPreviousPage ? await page({ last: 9, before: next.pageInfo.startCursor, order }) : null;
      }
      expect(new Set(all).size).toBe(58);
      expect(forwards).toEqual(all);
      expect(backwards).toEqual(all);
    },
  );
});

describe("a cursor", () => {
  const refused = { status: 400, code: "BAD_USER_INPUT" };

  it("rejects one with any single character changed", async () => {
    const { endCursor } = (await page({ first: 1 })).pageInfo;
    const changed = Array.from(
      endCursor,
      (letter, at) => `${endCursor.slice(0, at)}${letter === "A" ? "B" : "A"}${endCursor.slice(at + 1)}`,
    );
    for (const after of changed) expect(await refuses("bob", list, { after })).toMatchObject(refused);
  });

  it.each(["", "x", "=", "null", "W10", "bnVsbA", "%00", "\u0000", "a".repeat(5_000)])("rejects %j", async (after) => {
    expect(await refuses("bob", list, { after })).toMatchObject(refused);
    expect(await refuses("bob", list, { before: after })).toMatchObject(refused);
  });

  // The checksum is no secret: whoever read this file can write one.
  it.each(["", "[", "[1,2]", '["a"]', '["a","b"]', '[null,"\\u0000"]', "{}", "[[[]]]"])(
    "rejects one that was made up of %j, and masks nothing about it",
    async (values) => {
      const text = JSON.stringify(["Todo", ["createdAt DESC", "id DESC"], values]);
      const checksum = createHash("sha256").update(text).digest("base64url").slice(0, 12);
      const after = Buffer.from(`${checksum}${values}`).toString("base64url");
      expect(await refuses("bob", list, { after })).toMatchObject(refused);
    },
  );

  it("rejects another order's and another list's", async () => {
    const { endCursor } = (await page({ first: 1, order: [{ title: "ASC" }] })).pageInfo;
    for (const order of [[{ title: "DESC" }], [{ done: "ASC" }], []])
      expect(await refuses("bob", list, { after: endCursor, order })).toMatchObject(refused);
    const chats = await reads("bob", "{ chats(first: 1) { pageInfo { endCursor } } }");
    expect(await refuses("bob", list, { after: chats.chats.pageInfo.endCursor })).toMatchObject(refused);
  });

  it("hides everything that isn't the caller's behind another tenant's, too", async () => {
    const own = new Set((await page({ first: 100 })).nodes.map(({ id }) => id));
    const theirs = (await page({ first: 1 }, "carol")).pageInfo.endCursor;
    const { nodes } = await page({ first: 100, after: theirs });
    expect(nodes.filter(({ id }) => !own.has(id))).toEqual([]);
  });

  it("hides whether the row that it points at was deleted", async () => {
    const first = await page({ first: 3 });
    const second = await page({ first: 3, after: first.pageInfo.endCursor });
    await reads("bob", "mutation ($id: ID!) { deleteTodo(input: { id: $id }) { id } }", { id: first.nodes[2]?.id });
    expect((await page({ first: 3, after: first.pageInfo.endCursor })).nodes).toEqual(second.nodes);
  });
});

describe("a page", () => {
  it.each([
    { first: 101 },
    { last: 101 },
    { first: -1 },
    { last: -1 },
    { first: 2_147_483_647 },
    { first: 1, last: 1 },
  ])("rejects %j", async (variables) => {
    expect(await refuses("bob", list, variables)).toMatchObject({ status: 400, code: "BAD_USER_INPUT" });
  });

  it("rejects a nested one beyond the limit, also when it is empty", async () => {
    expect(await refuses("bob", "{ groups { nodes { members(first: 101) { totalCount } } } }")).toMatchObject({
      code: "BAD_USER_INPUT",
    });
  });

  it("allows a hundred rows", async () => {
    expect((await page({ first: 100 })).nodes.length).toBeGreaterThan(50);
  });
});
