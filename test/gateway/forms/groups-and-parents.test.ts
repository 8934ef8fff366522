/** Rows with a group and rows that follow others, over HTTP, for members, delegates and who is no member. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { arrangeKey } from "../../support/api-keys.js";
import { arranger } from "../../support/arrange.js";
import { inAcme, plants, useForms } from "./declared-forms.js";

const world = useForms();
const { reads, refuses } = world;
const arrange = arranger(world.database);

beforeAll(async () => {
  await arrange.user("dave@acme.test");
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
