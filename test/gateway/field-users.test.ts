/** Fields for the owner, for holders of a feature, or for both: what they read and write, and what the others get. */
import { beforeAll, describe, expect, it } from "vitest";
import { resource } from "../../src/protect/resource.js";
import { arrangeKey } from "../support/api-keys.js";
import { arranger } from "../support/arrange.js";
import { useDeclaredWorld } from "../support/declared-world.js";

const world = useDeclaredWorld(
  [
    resource("Todo", {
      feature: "todos",
      owner: "ownerId",
      scope: "scopeId",
      shares: "TodoShare",
      commands: ["create", "update", "delete", "share"],
      fields: {
        internalNote: { read: ["owner", "todos.audit"], write: "owner", onDeny: "null" },
        title: { read: ["owner", "todos.audit"], onDeny: { mask: { keepLast: 6 } } },
        done: { read: "owner", write: ["owner", "todos.audit"], onDeny: { mask: false } },
        updatedAt: { read: "owner" },
      },
    }),
    resource("Sale", {
      features: { read: "view_sales_page" },
      scope: { column: "campus", type: "campus" },
      hidden: ["tenantId"],
      fields: { amount: { read: ["approve_payments", "todos.audit"], onDeny: { mask: "0.00" } } },
    }),
    resource("Chat", {
      feature: "chats",
      owner: "ownerId",
      scope: "scopeId",
      shares: "ChatShare",
      commands: ["create", "update"],
      fields: { message: { read: "todos.audit", write: "todos.audit" } },
    }),
  ],
  "create unique index on public.chats (tenant_id, message)",
);
const { reads, refuses } = world;
const arrange = arranger(world.database);

const milk = "Todo:70d00000-0000-4000-8000-000000000001"; // alice's, shared with the office for writing
const plants = "Todo:70d00000-0000-4000-8000-000000000003"; // bob's own
const fields = "{ title done internalNote }";

const open = { title: "Buy milk for the office", done: true, internalNote: "The card is in the blue drawer." };
const masked = { title: "****office", done: false, internalNote: null };

beforeAll(async () => {
  await world.database.owner.query("update public.todos set done = true");
  for (const user of ["bob@acme.test", "erin@acme.test"])
    await arrange.grant({ user, feature: "iam.impersonate", scope: "tenant/acme" });
});

const milkFor = async (who: string | null, headers?: Readonly<Record<string, string>>) =>
  (await reads(who, `{ todo(id: "${milk}") ${fields} }`, headers)).todo;

describe("a field for the owner and for holders of a feature", () => {
  it("allows the owner every field, and a holder what the feature opens", async () => {
    expect(await milkFor("alice")).toEqual(open);
    expect(await milkFor("erin")).toEqual({ ...open, done: false });
  });

  it("masks it, or reads it as null, for whoever may read the row alone", async () => {
    expect(await milkFor("bob")).toEqual(masked);
    expect(await milkFor("jane")).toEqual(masked);
    expect(await reads("bob", `{ node(id: "${milk}") { ... on Todo { a: title b: internalNote } } }`)).toEqual({
      node: { a: "****office", b: null },
    });
  });

  it("judges each row of a list by its own owner", async () => {
    const { todos } = await reads("bob", `{ todos(orderBy: [{ createdAt: ASC }]) { nodes ${fields} } }`);
    expect(todos.nodes).toEqual([
      masked,
      { title: "Water the plants", done: true, internalNote: "Bob forgets the cactus." },
    ]);
  });

  it("tells of each row which of its fields are whose", async () => {
    const query = `{ todos(orderBy: [{ createdAt: ASC }], first: 3) { nodes { access { fields { internalNote { read write } done { read write } title { read write } } } } } }`;
    const own = { read: true, write: true };
    const none = { read: false, write: false };
    const { todos } = await reads("bob", query);
    expect(todos.nodes.map(({ access }: { access: { fields: unknown } }) => access.fields)).toEqual([
      { internalNote: none, done: none, title: { read: false, write: true } },
      { internalNote: own, done: own, title: own },
    ]);
    const { todo } = await reads(
      "alice",
      `{ todo(id: "${plants}") { access { fields { internalNote { read write } done { read write } } } } }`,
    );
    expect(todo.access.fields).toEqual({
      internalNote: { read: true, write: false },
      done: { read: false, write: true },
    });
  });

  it("masks short texts and missing ones wholly: of them the end would be most", async () => {
    await world.database.owner.query("update public.todos set title = 'Shortoffice' where id = $1", [milk.slice(5)]);
    expect((await milkFor("bob")).title).toBe("****");
    await world.database.owner.query("update public.todos set title = $2 where id = $1", [milk.slice(5), open.title]);
  });

  it("denies with an error where nothing else is said, also on a column that is never empty", async () => {
    const { body } = await world.as("bob", `{ todo(id: "${milk}") { updatedAt title } }`);
    expect(body.data.todo).toEqual({ updatedAt: null, title: "****office" });
    expect(body.errors).toMatchObject([
      { path: ["todo", "updatedAt"], extensions: { coordinate: "Todo.updatedAt", requires: "owner" } },
    ]);
    expect((await reads("bob", `{ todo(id: "${plants}") { updatedAt } }`)).todo.updatedAt).toEqual(expect.any(String));
  });

  it("masks what stands at the key of a scope where none of the features is held", async () => {
    await arrange.grant({ user: "bob@acme.test", role: "sales_manager", scope: "tenant/acme" });
    const sales = async (who: string) =>
      (await reads(who, "{ sales(orderBy: [{ campus: ASC }]) { nodes { campus amount } } }")).sales.nodes;
    expect(await sales("jane")).toEqual([{ campus: "chicago", amount: "1000.00" }]);
    expect(await sales("bob")).toEqual([
      { campus: "chicago", amount: "0.00" },
      { campus: "miami", amount: "0.00" },
    ]);
    await arrange.grant({ user: "bob@acme.test", feature: "todos.audit", scope: "campus/miami" });
    expect(await sales("bob")).toEqual([
      { campus: "chicago", amount: "0.00" },
      { campus: "miami", amount: "2000.00" },
    ]);
  });
});

describe("a delegated session", () => {
  it("reads a field that both may read, each in his own way", async () => {
    const plantsFor = async (who: string, whom: string) =>
      (await reads(who, `{ todo(id: "${plants}") ${fields} }`, { "x-act-as": `${whom}@acme.test`, "x-tenant": "acme" }))
        .todo;
    const words = { title: "Water the plants", internalNote: "Bob forgets the cactus." };
    expect(await plantsFor("alice", "bob")).toEqual({ ...words, done: false });
    expect(await plantsFor("bob", "alice")).toEqual({ ...words, done: false });
    expect(await plantsFor("erin", "bob")).toEqual({ ...words, done: false });
  });

  it("hides a field that one of them may not read", async () => {
    const acting = (whom: string) => ({ "x-act-as": `${whom}@acme.test`, "x-tenant": "acme" });
    expect(await milkFor("bob", acting("alice"))).toEqual(masked);
    expect(await milkFor("alice", acting("bob"))).toEqual(masked);
  });

  it("reads through a key what is its owner's own, and for the rest what the key was given", async () => {
    const keyOf = async (user: string, ...given: readonly string[]) => ({
      "x-api-key": (
        await arrangeKey(world.database, { user, given: given.map((one) => [one, "tenant/acme"] as const) })
      ).text,
    });
    const plain = await keyOf("alice@acme.test", "todos.read");
    expect(await milkFor(null, plain)).toEqual(open);
    const { todo } = await reads(null, `{ todo(id: "${plants}") ${fields} }`, plain);
    expect(todo).toEqual({ title: "****plants", done: false, internalNote: null });
    expect(await milkFor(null, await keyOf("erin@acme.test", "todos.read"))).toEqual(masked);
    expect(await milkFor(null, await keyOf("erin@acme.test", "todos.read", "todos.audit"))).toEqual({
      ...open,
      done: false,
    });
    expect(await milkFor(null, await keyOf("bob@acme.test", "todos.read", "todos.audit"))).toEqual(masked);
  });
});

describe("writing a field", () => {
  const edit = (id: string, what: string) => `mutation { updateTodo(input: { id: "${id}", ${what} }) { todo { id } } }`;
  const stored = async (id: string) =>
    (
      await world.database.owner.query("select title, internal_note, done from public.todos where id = $1", [
        id.slice(5),
      ])
    ).rows[0];

  it("allows it to the owner, when he creates the row and later", async () => {
    const { createTodo } = await reads(
      "bob",
      'mutation { createTodo(input: { title: "Mine", internalNote: "x" }) { todo { id internalNote } } }',
    );
    expect(createTodo.todo.internalNote).toBe("x");
    await reads("bob", edit(createTodo.todo.id, 'internalNote: "y"'));
    expect(await stored(createTodo.todo.id)).toMatchObject({ internal_note: "y" });
  });

  it("denies it to whoever may edit the row alone, and to a holder of everything, and writes nothing of the rest", async () => {
    const before = { milk: await stored(milk), plants: await stored(plants) };
    for (const [who, id] of [
      ["bob", milk],
      ["alice", plants],
    ] as const) {
      expect(await refuses(who, edit(id, 'title: "Changed", internalNote: "z"'))).toMatchObject({
        status: 403,
        code: "FORBIDDEN",
        extensions: { coordinate: "Todo.internalNote", requires: "owner" },
      });
    }
    expect(await refuses("bob", edit(milk, "done: false"))).toMatchObject({
      extensions: { coordinate: "Todo.done", requires: "owner or todos.audit" },
    });
    expect({ milk: await stored(milk), plants: await stored(plants) }).toEqual(before);
  });

  it("hides from whoever may not write a value that it is taken", async () => {
    const begin = (message: string) => `mutation { createChat(input: { message: "${message}" }) { chat { id } } }`;
    for (const message of ["Numbers for the quarter", "Numbers of nobody"])
      expect(await refuses("bob", begin(message))).toMatchObject({
        code: "FORBIDDEN",
        extensions: { coordinate: "Chat.message", requires: "todos.audit" },
      });
    expect(await refuses("erin", begin("Numbers for the quarter"))).toMatchObject({ code: "CONFLICT" });
    await reads("erin", begin("Numbers of nobody"));
    const { rows } = await world.database.owner.query("select from public.chats where message like 'Numbers%'");
    expect(rows).toHaveLength(2);
  });

  it("allows the same edit without the field", async () => {
    await reads("bob", edit(milk, 'title: "Buy oat milk for the office"'));
    expect(await stored(milk)).toMatchObject({ title: "Buy oat milk for the office" });
    await reads("alice", edit(plants, "done: false"));
    expect(await stored(plants)).toMatchObject({ done: false });
  });
});
