/** In charge of one row opened to a group or a user: the two flows that people know, and what a share never gives. */
import { beforeEach, describe, expect, test } from "vitest";
import { arranger } from "../support/arrange.js";
import { useCallers } from "../support/callers.js";

const { as, anonymous, database } = useCallers();
const arrange = arranger(database);
const alice = as("alice@acme.test");
const bob = as("bob@acme.test");
const jane = as("jane@acme.test");
const bobId = "00000000-0000-4000-8000-0000000000b0";
let n = 0;
let a: string;
let b: string;

// two members who own and hold nothing else
beforeEach(async () => {
  n += 1;
  [a, b] = [`a${n}@acme.test`, `b${n}@acme.test`];
  await arrange.user(a);
  await arrange.user(b);
});

async function todoOf(who: string, title: string): Promise<string> {
  const [row] = await as(who).sql<{ id: string }>("insert into todos (title) values ($1) returning id", title);
  return row?.id ?? "";
}

async function share(who: string, todo: string, group: string, flags: string): Promise<string> {
  return await as(who).outcome(
    `insert into todo_shares (todo_id, group_id, ${flags.replaceAll(",", ", ")}) select $1, id, ${flags
      .split(",")
      .map(() => "true")
      .join(", ")} from iam.groups where name = $2`,
    todo,
    group,
  );
}

describe("the shares of a chat", () => {
  test("hide from whom it is shared with how they could be widened: nothing is found to change", async () => {
    const [chat] = await as(a).sql<{ id: string }>("insert into chats (message) values ('Ours') returning id");
    const { rows } = await database.owner.query<{ id: string }>("select id from iam.users where email = $1", [b]);
    await as(a).sql("insert into chat_shares (chat_id, user_id) values ($1, $2)", chat?.id, rows[0]?.id);
    const widen = "update chat_shares set can_write = true where chat_id = $1 returning can_write";
    expect(await as(b).read("select can_write from chat_shares where chat_id = $1", chat?.id)).toEqual([
      { can_write: false },
    ]);
    expect(await as(b).sql(widen, chat?.id)).toEqual([]);
    expect(await as(a).sql(widen, chat?.id)).toEqual([{ can_write: true }]);
  });
});

describe("the flow of a shared todo", () => {
  test("allows a member of the group to read and edit it, and denies him to delete or share it", async () => {
    const todo = await todoOf(a, "My first todo");
    await as(a).sql("select iam.create_group($1)", `Project Team ${n}`);
    expect(await as(b).read("select from todos where id = $1", todo)).toEqual([]);
    await as(a).sql("select iam.add_group_member($1, $2)", `Project Team ${n}`, b);
    expect(await as(b).read("select from todos where id = $1", todo)).toEqual([]);
    expect(await share(a, todo, `Project Team ${n}`, "can_write")).toBe("allowed");

    expect(await as(b).read("select title from todos where id = $1", todo)).toEqual([{ title: "My first todo" }]);
    expect(await as(b).sql("update todos set done = true where id = $1 returning done", todo)).toEqual([
      { done: true },
    ]);
    expect(await as(b).sql("delete from todos where id = $1 returning id", todo)).toEqual([]);
    expect(await as(b).outcome("insert into todo_shares (todo_id, user_id) values ($1, $2)", todo, bobId)).toBe(
      "42501",
    );
    expect(await as(b).sql("update todo_shares set can_delete = true where todo_id = $1 returning id", todo)).toEqual(
      [],
    );
    expect(await as(b).sql("delete from todo_shares where todo_id = $1 returning id", todo)).toEqual([]);
    expect((await database.owner.query("select done from todos where id = $1", [todo])).rows).toEqual([{ done: true }]);
  });

  test("denies it from the moment that the membership, the share or the group has ended", async () => {
    const todo = await todoOf(a, "For a while");
    const name = `While ${n}`;
    await as(a).sql("select iam.create_group($1)", name);
    const see = () => as(b).read("select title from todos where id = $1", todo);
    const open = async () => {
      await as(a).sql("select iam.add_group_member($1, $2)", name, b);
      await share(a, todo, name, "can_read");
      expect(await see()).toHaveLength(1);
    };
    await open();
    await as(a).sql("select iam.remove_group_member($1, $2)", name, b);
    expect(await see()).toEqual([]);
    await as(a).sql("delete from todo_shares where todo_id = $1", todo);
    await open();
    await as(a).sql("update todo_shares set can_read = false where todo_id = $1", todo);
    expect(await see()).toEqual([]);
    await as(a).sql("delete from todo_shares where todo_id = $1", todo);
    await open();
    await alice.sql("select iam.disable_group('Group:' || (select id from iam.groups where name = $1))", name);
    expect(await see()).toEqual([]);
  });
});

describe("the flow of a private todo and a shared chat", () => {
  test("hides the todo and allows the chat", async () => {
    await todoOf(a, "Private");
    const [group] = await as(a).sql<{ id: string }>("select iam.create_group($1) as id", `Friends ${n}`);
    await as(a).sql("select iam.add_group_member($1, $2)", `Friends ${n}`, b);
    const [chat] = await as(a).sql<{ id: string }>("insert into chats (message) values ('Hello') returning id");
    await as(a).sql(
      "insert into chat_shares (chat_id, group_id, can_write, can_delete) values ($1, $2, true, true)",
      chat?.id,
      group?.id,
    );
    expect(await as(b).read("select title from todos")).toEqual([]);
    expect(await as(b).read("select message from chats")).toEqual([{ message: "Hello" }]);
    expect(await as(b).sql("update chats set message = 'Hi' where id = $1 returning message", chat?.id)).toEqual([
      { message: "Hi" },
    ]);
    expect(await as(b).sql("delete from chats where id = $1 returning id", chat?.id)).toHaveLength(1);
    expect(await jane.read("select message from chats where message in ('Hello', 'Hi')")).toEqual([]);
    expect(await anonymous("acme").outcome("select from chats")).toBe("42501");
  });
});

describe("a share", () => {
  test.each([
    ["can_read", { seen: 1, edited: 0, deleted: 0 }],
    ["can_read,can_write", { seen: 1, edited: 1, deleted: 0 }],
    ["can_read,can_delete", { seen: 1, edited: 0, deleted: 1 }],
  ])("allows with %s what it says, and no more", async (flags, expected) => {
    const todo = await todoOf(a, "Shared");
    await as(a).sql("select iam.create_group($1)", `Shared ${n}`);
    await as(a).sql("select iam.add_group_member($1, $2)", `Shared ${n}`, b);
    await share(a, todo, `Shared ${n}`, flags);
    const seen = (await as(b).read("select from todos where id = $1", todo)).length;
    const edited = (await as(b).sql("update todos set title = 'Edited' where id = $1 returning id", todo)).length;
    const deleted = (await as(b).sql("delete from todos where id = $1 returning id", todo)).length;
    expect({ seen, edited, deleted }).toEqual(expected);
  });

  test("denies writing without reading", async () => {
    const todo = await todoOf(a, "Blind");
    await as(a).sql(
      "insert into todo_shares (todo_id, user_id, can_read, can_write, can_delete) values ($1, $2, false, true, true)",
      todo,
      bobId,
    );
    expect(await bob.sql("update todos set title = 'x' where id = $1 returning id", todo)).toEqual([]);
    expect(await bob.sql("delete from todos where id = $1 returning id", todo)).toEqual([]);
  });

  test("denies the owner a group that he doesn't see", async () => {
    const [office] = await jane.read<{ id: string }>("select id from iam.groups where name = 'Chicago Office'");
    const todo = await todoOf(a, "Unseen");
    expect(await as(a).outcome("insert into todo_shares (todo_id, group_id) values ($1, $2)", todo, office?.id)).toBe(
      "42501",
    );
  });

  test("denies a holder of todos.share to give what he may not do himself", async () => {
    await arrange.grant({ user: b, feature: "todos.share", scope: "tenant/acme" });
    await arrange.grant({ user: b, feature: "todos.read", scope: "tenant/acme" });
    const todo = await todoOf(a, "Escalation");
    const give = (column: string) =>
      as(b).outcome(`insert into todo_shares (todo_id, user_id, ${column}) values ($1, $2, true)`, todo, bobId);
    expect(await give("can_write")).toBe("42501");
    expect(await give("can_delete")).toBe("42501");
    expect(await give("can_read")).toBe("allowed");
    expect(await as(b).outcome("update todo_shares set can_write = true where todo_id = $1", todo)).toBe("42501");
    await arrange.grant({ user: b, feature: "todos.update", scope: "tenant/acme" });
    expect(await as(b).outcome("update todo_shares set can_write = true where todo_id = $1", todo)).toBe("allowed");
    expect(await as(b).outcome("update todo_shares set can_delete = true where todo_id = $1", todo)).toBe("42501");
  });

  test("rejects neither a group nor a user, and both", async () => {
    const todo = await todoOf(a, "Nobody's");
    expect(await as(a).outcome("insert into todo_shares (todo_id) values ($1)", todo)).toBe("23514");
  });

  test("shows who has it to whom it is meant for, and to whoever may share, and to nobody else", async () => {
    const todo = await todoOf(a, "Seen shares");
    await as(a).sql("insert into todo_shares (todo_id, user_id) values ($1, $2)", todo, bobId);
    const seen = (who: string) => as(who).value("select count(*)::int from todo_shares where todo_id = $1", todo);
    expect([
      await seen(a),
      await seen("bob@acme.test"),
      await seen("alice@acme.test"),
      await seen(b),
      await seen("erin@acme.test"),
    ]).toEqual([1, 1, 1, 0, 0]);
  });
});
