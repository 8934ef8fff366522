/** In charge of the seed flow S2.42: what is private stays so beside a chat that is shared for reading. */
import { describe, expect, it } from "vitest";
import { asking } from "../../support/asking.js";
import { useWorld, type Who } from "../../support/world.js";

const world = useWorld();
const { reads, refuses } = asking(world);

let todo = "";
let chat = "";
const seenBy = (who: Who) =>
  reads(who, "query ($todo: ID!, $chat: ID!) { todo(id: $todo) { title } chat(id: $chat) { message } }", {
    todo,
    chat,
  });

describe("a private todo and a shared chat of a plain member", () => {
  it("hides the todo of one member from another", async () => {
    const made = await reads("bob", 'mutation { createTodo(input: { title: "Mine" }) { todo { id } } }');
    todo = made.createTodo.todo.id;
    const { todos } = await reads("jane", "{ todos { totalCount nodes { id } } }");
    expect(todos.nodes.map(({ id }: { readonly id: string }) => id)).not.toContain(todo);
    expect(await reads("jane", "query ($todo: ID!) { todo(id: $todo) { id } }", { todo })).toEqual({ todo: null });
  });

  it("hides a chat from the members of a group until it is shared with them", async () => {
    const made = await reads(
      "bob",
      `mutation {
         createGroup(input: { name: "Readers" }) { group { id } }
         addGroupMember(input: { group: "Readers", user: "jane@acme.test" }) { group { id } }
         createChat(input: { message: "Hello readers" }) { chat { id } }
       }`,
    );
    chat = made.createChat.chat.id;
    expect(await seenBy("jane")).toEqual({ todo: null, chat: null });
  });

  it("allows the members to read it then, and still hides the todo", async () => {
    await reads(
      "bob",
      'mutation ($chat: ID!) { shareChat(input: { chat: $chat, group: "Readers" }) { chat { id } } }',
      {
        chat,
      },
    );
    expect(await seenBy("jane")).toEqual({ todo: null, chat: { message: "Hello readers" } });
  });

  it("hides it from those who aren't in the group, of this tenant and of another", async () => {
    expect((await seenBy("carol")).chat).toBeNull();
    expect((await seenBy("mallory")).chat).toBeNull();
  });

  it.each([
    ["updateChat", 'updateChat(input: { id: $chat, message: "x" }) { chat { id } }', "chats.update"],
    ["deleteChat", "deleteChat(input: { id: $chat }) { id }", "chats.delete"],
    ["shareChat", 'shareChat(input: { chat: $chat, user: "erin@acme.test" }) { chat { id } }', "chats.share"],
    ["unshareChat", 'unshareChat(input: { chat: $chat, group: "Readers" }) { chat { id } }', "chats.share"],
  ])("denies %s to whom it is shared with for reading", async (name, field, requires) => {
    expect(await refuses("jane", `mutation ($chat: ID!) { ${field} }`, { chat })).toMatchObject({
      status: 403,
      code: "FORBIDDEN",
      extensions: { coordinate: `Mutation.${name}`, requires },
    });
    const { rows } = await world.database.owner.query(
      "select c.message, count(s.id)::int as shares from public.chats c join public.chat_shares s on s.chat_id = c.id where 'Chat:' || c.id = $1 group by c.id",
      [chat],
    );
    expect(rows).toEqual([{ message: "Hello readers", shares: 1 }]);
  });

  it("hides it the moment the share is closed", async () => {
    await reads(
      "bob",
      'mutation ($chat: ID!) { unshareChat(input: { chat: $chat, group: "Readers" }) { chat { id } } }',
      {
        chat,
      },
    );
    expect(await seenBy("jane")).toEqual({ todo: null, chat: null });
    expect(await seenBy("bob")).toEqual({ todo: { title: "Mine" }, chat: { message: "Hello readers" } });
  });
});
