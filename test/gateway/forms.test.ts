/** The forms of protection that no table of the demo has, each asked over HTTP on a table that is declared anew here. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { resource } from "../../src/protect/resource.js";
import { arrangeKey } from "../support/api-keys.js";
import { arranger } from "../support/arrange.js";
import { useDeclaredWorld } from "../support/declared-world.js";

// The tables of shares become tables of their own: notes for a group, and remarks below a todo.
const tables = `
alter table public.chat_shares drop constraint chat_shares_one_check, alter chat_id drop not null,
  alter user_id set default iam.caller_id();
delete from public.chat_shares;
delete from public.todo_shares;
alter table public.todo_shares drop constraint todo_shares_one_check;
`;
const everyCommand = ["create", "update", "delete"] as const;

const world = useDeclaredWorld(
  [
    resource("Todo", {
      feature: "todos",
      owner: "ownerId",
      scope: "scopeId",
      publicRead: { done: true },
      conditions: { update: { done: false }, delete: { done: false } },
      commands: everyCommand,
      fields: { internalNote: { read: ["owner", "todos.audit"], onDeny: "null" } },
    }),
    resource("Chat", {
      feature: "chats",
      owner: "ownerId",
      scope: "scopeId",
      publicRead: true,
      audience: "authenticated",
    }),
    resource("ChatShare", {
      feature: "chats",
      owner: "userId",
      group: "groupId",
      commands: everyCommand,
      hidden: ["chat"],
    }),
    resource("TodoShare", {
      feature: "chats",
      parent: "todo",
      commands: everyCommand,
      audience: "public",
      hidden: ["group", "member"],
    }),
    resource("Sale", {
      features: { read: "view_sales_page", create: "approve_payments" },
      scope: { column: "campus", type: "campus" },
      publicRead: true,
      commands: ["create"],
      hidden: ["tenantId"],
      fields: { amount: { read: "view_sales_page", onDeny: { mask: "0" } } },
    }),
  ],
  tables,
);
const { reads, refuses } = world;
const arrange = arranger(world.database);
const inAcme = { "x-tenant": "acme" };
const milk = "Todo:70d00000-0000-4000-8000-000000000001"; // alice's
const plants = "Todo:70d00000-0000-4000-8000-000000000003"; // bob's

beforeAll(async () => {
  await arrange.user("dave@acme.test");
  await world.database.owner.query("update public.todos set done = true where title like 'Buy milk%'");
});

const titles = async (who: string | null, filter = "", headers = inAcme as Readonly<Record<string, string>>) =>
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

describe("a row with a group", () => {
  const shares = "{ chatShares { nodes { id canWrite group { name } } } }";
  let id = "";

  it("allows the group's members to create it for the group, to read, edit and delete it", async () => {
    const create = 'mutation { createChatShare(input: { group: "Office" }) { chatShare { id group { name } } } }';
    const { createChatShare } = await reads("bob", create);
    expect(createChatShare.chatShare.group).toEqual({ name: "Office" });
    id = createChatShare.chatShare.id;
    expect((await reads("jane", shares)).chatShares.nodes).toEqual([
      { id, canWrite: false, group: { name: "Office" } },
    ]);
    const edit = `mutation { updateChatShare(input: { id: "${id}", canWrite: true }) { chatShare { canWrite } } }`;
    expect((await reads("jane", edit)).updateChatShare.chatShare).toEqual({ canWrite: true });
  });

  it("finds it by its group, its id, a filter and an aggregate", async () => {
    const { chatShares } = await reads(
      "jane",
      '{ chatShares(filter: { group: { in: ["Group:60000000-0000-4000-8000-000000000001"] }, canWrite: { eq: true } }) { totalCount nodes { id } aggregates { count } } }',
    );
    expect(chatShares).toEqual({ totalCount: 1, nodes: [{ id }], aggregates: { count: 1 } });
    expect((await reads("jane", `{ node(id: "${id}") { id } }`)).node).toEqual({ id });
  });

  it("hides it from who isn't in the group, and denies a group that one isn't in", async () => {
    for (const who of ["dave", "carol@globex"]) {
      expect((await reads(who, shares)).chatShares.nodes).toEqual([]);
      expect(await refuses(who, `mutation { deleteChatShare(input: { id: "${id}" }) { id } }`)).toMatchObject({
        code: "NOT_FOUND",
      });
    }
    expect(
      await refuses("erin", 'mutation { createChatShare(input: { group: "Office" }) { chatShare { id } } }'),
    ).toMatchObject({ code: "FORBIDDEN", extensions: { requires: "chats.create" } });
    expect(
      await refuses("bob", 'mutation { createChatShare(input: { group: "Board" }) { chatShare { id } } }'),
    ).toMatchObject({ code: "NOT_FOUND" });
    expect(await reads("jane", `mutation { deleteChatShare(input: { id: "${id}" }) { id } }`)).toEqual({
      deleteChatShare: { id },
    });
  });
});

describe("a delegated session", () => {
  const asked = "{ chatShares { totalCount } todoShares { totalCount } }";
  const seen = async (who: string | null, headers: Readonly<Record<string, string>>) => {
    const { chatShares, todoShares } = await reads(who, asked, headers);
    return [chatShares.totalCount, todoShares.totalCount];
  };

  beforeAll(async () => {
    await reads("bob", 'mutation { createChatShare(input: { group: "Office" }) { chatShare { id } } }');
    await reads("bob", `mutation { createTodoShare(input: { todo: "${plants}" }) { todoShare { id } } }`);
  });

  afterAll(async () => {
    await world.database.owner.query("delete from public.chat_shares; delete from public.todo_shares");
  });

  it("reads through a key what was given to it, of a group's rows and of what follows others", async () => {
    const keyOf = async (...given: readonly string[]) => {
      const { text } = await arrangeKey(world.database, {
        user: "bob@acme.test",
        given: given.map((feature) => [feature, "tenant/acme"] as const),
      });
      return { "x-api-key": text };
    };
    expect(await seen(null, await keyOf("chats.read", "todos.read"))).toEqual([1, 1]);
    expect(await seen(null, await keyOf("chats.read"))).toEqual([1, 0]);
    expect(await seen(null, await keyOf("todos.read"))).toEqual([0, 1]);
    expect(await seen(null, await keyOf("view_sales_page"))).toEqual([0, 0]);
  });

  it("reads for whoever acts as a member what both may read", async () => {
    for (const user of ["dave@acme.test", "jane@acme.test"])
      await arrange.grant({ user, feature: "iam.impersonate", scope: "tenant/acme" });
    const asBob = { "x-act-as": "bob@acme.test", "x-tenant": "acme" };
    expect(await seen("alice", asBob)).toEqual([1, 1]);
    expect(await seen("jane", asBob)).toEqual([1, 0]);
    expect(await seen("dave", asBob)).toEqual([0, 0]);
  });
});

describe("a row that follows another", () => {
  const remark = (todo: string) =>
    `mutation { createTodoShare(input: { todo: "${todo}" }) { todoShare { id todo { title } } } }`;
  const remarks = async (who: string | null, headers: Readonly<Record<string, string>> = {}) =>
    (await reads(who, "{ todoShares { nodes { id todo { title } } } }", headers)).todoShares.nodes;
  let id = "";

  it("allows whoever may edit that one to write it, and whoever may read that one to read it", async () => {
    const { createTodoShare } = await reads("bob", remark(plants));
    expect(createTodoShare.todoShare.todo).toEqual({ title: "Water the plants" });
    id = createTodoShare.todoShare.id;
    expect(await remarks("erin")).toEqual([{ id, todo: { title: "Water the plants" } }]);
    expect((await reads("bob", `{ todo(id: "${plants}") { shares { nodes { id } } } }`)).todo.shares.nodes).toEqual([
      { id },
    ]);
    const edit = `mutation { updateTodoShare(input: { id: "${id}", canWrite: true }) { todoShare { canWrite } } }`;
    expect((await reads("bob", edit)).updateTodoShare.todoShare).toEqual({ canWrite: true });
    expect(await refuses("erin", edit)).toMatchObject({ code: "FORBIDDEN" });
  });

  it("allows the anonymous what follows a public row, and hides the rest of it", async () => {
    expect(await remarks(null, inAcme)).toEqual([]);
    await world.database.owner.query("update public.todos set done = true where id = $1", [plants.slice(5)]);
    expect(await remarks(null, inAcme)).toEqual([{ id, todo: { title: "Water the plants" } }]);
    await world.database.owner.query("update public.todos set done = false where id = $1", [plants.slice(5)]);
    expect(await refuses(null, "{ groups { totalCount } }", inAcme)).toMatchObject({ code: "FORBIDDEN" });
  });

  it("hides what follows a hidden row, and says of a hidden row what it says of none", async () => {
    expect(await remarks("jane")).toEqual([]);
    const none = "Todo:70d00000-0000-4000-8000-00000000dead";
    const [hidden, absent] = [await refuses("jane", remark(plants)), await refuses("jane", remark(none))];
    expect(hidden).toMatchObject({ code: "FORBIDDEN" });
    expect({ ...hidden, locations: null }).toEqual({ ...absent, locations: null });
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

describe("somebody who reaches every tenant and is a member of none", () => {
  it("denies him rows of his own, since owners are members", async () => {
    expect(
      await refuses("ada@portcullis", 'mutation { createTodo(input: { title: "x" }) { todo { id } } }', inAcme),
    ).toMatchObject({ code: "FORBIDDEN", extensions: { requires: "todos.create" } });
  });

  it("allows him what has no owner", async () => {
    await arrange.grant({ user: "ada@portcullis.test", feature: "approve_payments", scope: "global/all" });
    const sell = 'mutation { createSale(input: { campus: "miami", amount: "1" }) { sale { campus } } }';
    expect((await reads("ada@portcullis", sell, inAcme)).createSale.sale).toEqual({ campus: "miami" });
  });
});
