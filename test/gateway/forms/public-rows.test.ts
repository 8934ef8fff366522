/** Rows for everybody, conditions on commands, and masks on what is public, over HTTP. */
import { describe, expect, it } from "vitest";
import { inAcme, milk, plants, useForms } from "./declared-forms.js";

const world = useForms();
const { reads, refuses } = world;

const titles = async (who: string | null, filter = "", headers = inAcme) =>
  (await reads(who, `{ todos(orderBy: [{ title: ASC }] ${filter}) { nodes { title } } }`, headers)).todos.nodes.map(
    ({ title }: { title: string }) => title,
  );

describe("rows that everybody sees where a condition holds", () => {
  it("reads them to everybody in the tenant, the anonymous included, and hides the others", async () => {
    expect(await titles(null)).toEqual(["Buy milk for the office"]);
    expect(await titles("jane")).toEqual(["Buy milk for the office", "Call the Chicago store"]);
    expect(await reads(null, `{ todo(id: "${plants}") { title } }`, inAcme)).toEqual({ todo: null });
    expect(await titles(null, "", {})).toEqual([]);
    expect(await titles("carol@globex", "", {})).toEqual(["Hire a CFO"]);
    expect(await titles(null, "", { "x-tenant": "globex" })).toEqual([]);
  });

  it("filters, counts and pages them for the anonymous as for everybody", async () => {
    expect(await titles(null, ', filter: { title: { contains: "plants" } }')).toEqual([]);
    expect(
      await reads(null, "{ todos(first: 1) { totalCount aggregates { count } pageInfo { hasNextPage } } }", inAcme),
    ).toEqual({
      todos: { totalCount: 1, aggregates: { count: 1 }, pageInfo: { hasNextPage: false } },
    });
  });

  it("reads a denied field of them as null, and what they belong to as nobody's", async () => {
    const { todo } = await reads(
      null,
      `{ todo(id: "${milk}") { title internalNote owner { email } scope { key } } }`,
      inAcme,
    );
    expect(todo).toEqual({ title: "Buy milk for the office", internalNote: null, owner: null, scope: null });
  });

  it("tells the anonymous what he may with them: read", async () => {
    const access = "{ access { read update delete fields { title { read write } internalNote { read } } } }";
    expect(await reads(null, `{ todos { nodes ${access} } }`, inAcme)).toEqual({
      todos: {
        nodes: [
          {
            access: {
              read: true,
              update: false,
              delete: false,
              fields: { title: { read: true, write: false }, internalNote: { read: false } },
            },
          },
        ],
      },
    });
  });

  it("finds them for the anonymous by their global ids, and denies him the ids of closed types", async () => {
    const part = "{ id ... on Todo { title } }";
    expect(
      await reads(null, `{ node(id: "${milk}") ${part} nodes(ids: ["${milk}", "${plants}"]) ${part} }`, inAcme),
    ).toEqual({
      node: { id: milk, title: "Buy milk for the office" },
      nodes: [{ id: milk, title: "Buy milk for the office" }, null],
    });
    const group = "Group:60000000-0000-4000-8000-000000000001";
    for (const query of [`{ node(id: "${group}") { id } }`, `{ nodes(ids: ["${milk}", "${group}"]) { id } }`])
      expect(await refuses(null, query, inAcme)).toMatchObject({
        code: "FORBIDDEN",
        extensions: { requires: "authenticated" },
      });
  });

  it("denies the anonymous every change", async () => {
    expect(await refuses(null, 'mutation { createTodo(input: { title: "x" }) { todo { id } } }', inAcme)).toMatchObject(
      {
        code: "FORBIDDEN",
        extensions: { requires: "authenticated" },
      },
    );
  });
});

describe("a command with a condition", () => {
  const edit = (id: string, what: string) =>
    `mutation { updateTodo(input: { id: "${id}", ${what} }) { todo { done } } }`;

  it("denies it on a row that the condition excludes, to its owner too", async () => {
    expect(await refuses("alice", edit(milk, 'title: "x"'))).toMatchObject({ code: "FORBIDDEN" });
    expect(await refuses("alice", `mutation { deleteTodo(input: { id: "${milk}" }) { id } }`)).toMatchObject({
      code: "FORBIDDEN",
    });
  });

  it("allows an edit that leaves it, and then denies the next", async () => {
    const { createTodo } = await reads("bob", 'mutation { createTodo(input: { title: "Draft" }) { todo { id } } }');
    const id = createTodo.todo.id;
    expect(await reads("bob", edit(id, "done: true"))).toEqual({ updateTodo: { todo: { done: true } } });
    expect(await refuses("bob", edit(id, "done: false"))).toMatchObject({ code: "FORBIDDEN" });
    expect(await titles(null)).toContain("Draft");
  });
});

describe("rows for everybody in the tenant, asked by whoever has signed in", () => {
  it("reads them to every member, and denies the anonymous to ask", async () => {
    const chats = "{ chats { nodes { message } totalCount } }";
    expect((await reads("jane", chats)).chats.totalCount).toBe(2);
    expect((await reads("carol@globex", chats)).chats.totalCount).toBe(1);
    expect(await refuses(null, chats, inAcme)).toMatchObject({ extensions: { requires: "authenticated" } });
  });
});

describe("a public row with a field of its own rule", () => {
  it("masks the field for everybody who may not read it, the anonymous included, in aggregates too", async () => {
    const sales = (who: string | null) =>
      reads(
        who,
        "{ sales(orderBy: [{ campus: ASC }]) { nodes { campus amount } aggregates { sum { amount } } } }",
        inAcme,
      );
    const nothing = [
      { campus: "chicago", amount: "0" },
      { campus: "miami", amount: "0" },
    ];
    for (const who of [null, "bob"])
      expect((await sales(who)).sales).toEqual({ nodes: nothing, aggregates: { sum: { amount: null } } });
    expect((await sales("jane")).sales).toEqual({
      nodes: [{ campus: "chicago", amount: "1000.00" }, nothing[1]],
      aggregates: { sum: { amount: "1000.00" } },
    });
  });

  it("allows creating it by a feature of its own, where that is held", async () => {
    const sell = (campus: string) =>
      `mutation { createSale(input: { campus: "${campus}", amount: "5.50" }) { sale { amount } } }`;
    expect((await reads("jane", sell("chicago"))).createSale.sale).toEqual({ amount: "5.50" });
    for (const [who, campus] of [
      ["jane", "miami"],
      ["jane", "nowhere"],
      ["bob", "chicago"],
    ] as const)
      expect(await refuses(who, sell(campus))).toMatchObject({
        code: "FORBIDDEN",
        extensions: { requires: "approve_payments" },
      });
  });
});
