/** Todos through the whole gateway: who sees, makes, changes, deletes and shares which. */
import { describe, expect, it } from "vitest";
import { useWorld, type Who } from "../support/world.js";

const world = useWorld();

const milk = "Todo:70d00000-0000-4000-8000-000000000001";
const offsite = "Todo:70d00000-0000-4000-8000-000000000002";
const plants = "Todo:70d00000-0000-4000-8000-000000000003";
const chicago = "Todo:70d00000-0000-4000-8000-000000000004";
const globex = "Todo:70d00000-0000-4000-8000-000000000005";
const nowhere = "Todo:70d00000-0000-4000-8000-00000000dead";

const uuidOf = (id: string) => id.slice("Todo:".length);

async function stored(id: string) {
  const { rows } = await world.database.owner.query(
    "select title, done, internal_note from public.todos where id = $1",
    [uuidOf(id)],
  );
  return rows[0];
}

async function titlesOf(who: Who): Promise<readonly string[]> {
  const { body } = await world.as(who, "{ todos { nodes { title } } }");
  return body.data.todos.nodes.map(({ title }: { title: string }) => title).sort();
}

function errorOf({
  body,
}: {
  readonly body: { readonly errors?: readonly { readonly message: string; readonly extensions: object }[] };
}) {
  const [error] = body.errors ?? [];
  return error && { message: error.message, ...error.extensions };
}

describe("reading", () => {
  it("allows the owner of a todo and whom it is shared with", async () => {
    expect(await titlesOf("bob")).toEqual(["Buy milk for the office", "Water the plants"]);
  });

  it("allows a member of a group inside the group it is shared with", async () => {
    expect(await titlesOf("jane")).toEqual(["Buy milk for the office", "Call the Chicago store"]);
  });

  it("allows who holds todos.read at the tenant's root, and hides the other tenant's todos from him", async () => {
    expect(await titlesOf("erin")).toEqual([
      "Buy milk for the office",
      "Call the Chicago store",
      "Plan the offsite",
      "Water the plants",
    ]);
    expect(await titlesOf("carol")).toEqual(["Hire a CFO"]);
  });

  it("hides everything from somebody without a tenant", async () => {
    expect(await titlesOf("mallory")).toEqual([]);
  });

  it("denies the anonymous caller, and spends no statement on him", async () => {
    world.takeStatements();
    const answer = await world.as(null, "{ todos { nodes { title } } }");
    expect([answer.status, errorOf(answer)]).toMatchObject([
      403,
      { code: "FORBIDDEN", coordinate: "Query.todos", requires: "authenticated" },
    ]);
    expect(world.takeStatements()).toEqual([]);
  });

  it("reads a list with owners and scopes in one statement", async () => {
    world.takeStatements();
    const { body } = await world.as(
      "bob",
      "{ todos { totalCount nodes { title owner { email } scope { type key } } } }",
    );
    expect(body.data.todos).toEqual({
      totalCount: 2,
      nodes: [
        { title: "Water the plants", owner: { email: "bob@acme.test" }, scope: { type: "tenant", key: "acme" } },
        {
          title: "Buy milk for the office",
          owner: { email: "alice@acme.test" },
          scope: { type: "tenant", key: "acme" },
        },
      ],
    });
    expect(world.takeStatements()).toHaveLength(1);
  });

  it("hides a row that is not his the same way as one that never was", async () => {
    const read = (id: string) =>
      world.as("bob", "query ($id: ID!) { todo(id: $id) { id } node(id: $id) { id } nodes(ids: [$id]) { id } }", {
        id,
      });
    const [hidden, foreign, absent] = [await read(offsite), await read(globex), await read(nowhere)];
    expect(absent.body).toEqual({ data: { todo: null, node: null, nodes: [null] } });
    expect([hidden.body, foreign.body]).toEqual([absent.body, absent.body]);
  });

  it("reads nodes of several types in the order they were asked", async () => {
    const group = "Group:60000000-0000-4000-8000-000000000001";
    const { body } = await world.as(
      "bob",
      "query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id ... on Todo { title } ... on Group { name } } }",
      {
        ids: [milk, group, offsite, milk],
      },
    );
    const todo = { __typename: "Todo", id: milk, title: "Buy milk for the office" };
    expect(body.data.nodes).toEqual([todo, { __typename: "Group", id: group, name: "Office" }, null, todo]);
  });

  it("reads values under any alias, also one that every object has", async () => {
    const { body } = await world.as(
      "bob",
      `{ todo(id: "${milk}") { constructor: title toString: id owner { __proto__: email } } }`,
    );
    expect(body.data.todo.constructor).toBe("Buy milk for the office");
    expect(body.data.todo.toString).toBe(milk);
    expect(JSON.stringify(body.data.todo.owner)).toBe('{"__proto__":"alice@acme.test"}');
  });
});

describe("creating", () => {
  const create =
    "mutation ($input: CreateTodoInput!) { createTodo(input: $input) { todo { id title done owner { email } scope { key } } } }";

  it("allows a member, and puts the row in his name at the tenant's root", async () => {
    const { body } = await world.as("bob", create, { input: { title: "My first todo" } });
    expect(body.data.createTodo.todo).toMatchObject({
      title: "My first todo",
      done: false,
      owner: { email: "bob@acme.test" },
      scope: { key: "acme" },
    });
  });

  it("allows who holds todos.create at another scope", async () => {
    const { body } = await world.as("alice", create, { input: { title: "Paint the door", scope: "campus/miami" } });
    expect(body.data.createTodo.todo.scope).toEqual({ key: "miami" });
  });

  it("denies another scope to who holds nothing there, and writes nothing", async () => {
    const answer = await world.as("jane", create, { input: { title: "Not in Chicago", scope: "campus/chicago" } });
    expect(errorOf(answer)).toMatchObject({
      code: "FORBIDDEN",
      coordinate: "Mutation.createTodo",
      requires: "todos.create",
    });
    const { rows } = await world.database.owner.query("select from public.todos where title = 'Not in Chicago'");
    expect(rows).toEqual([]);
  });

  it("denies a field that the caller may not write, and writes nothing", async () => {
    const answer = await world.as("bob", create, { input: { title: "Noted", internalNote: "psst" } });
    expect(errorOf(answer)).toMatchObject({
      code: "FORBIDDEN",
      coordinate: "Todo.internalNote",
      requires: "todos.audit",
    });
    expect(answer.body.data).toBeNull();
    const { rows } = await world.database.owner.query("select from public.todos where title = 'Noted'");
    expect(rows).toEqual([]);
  });

  it.each(["", "   ", "x".repeat(501)])("rejects the title %j", async (title) => {
    expect(errorOf(await world.as("bob", create, { input: { title } }))).toMatchObject({ code: "BAD_USER_INPUT" });
  });

  it("denies somebody without a tenant", async () => {
    const answer = await world.as("mallory", create, { input: { title: "Anywhere" } });
    expect(answer.body.data).toBeNull();
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.status).toBeLessThan(500);
  });
});

describe("changing", () => {
  const update = "mutation ($input: UpdateTodoInput!) { updateTodo(input: $input) { todo { title done } } }";

  it("allows the owner, and leaves alone what he doesn't name", async () => {
    const { body } = await world.as("bob", update, { input: { id: plants, done: true } });
    expect(body.data.updateTodo.todo).toEqual({ title: "Water the plants", done: true });
    expect(await stored(plants)).toMatchObject({ internal_note: "Bob forgets the cactus." });
  });

  it("allows whom it is shared with for writing", async () => {
    const { body } = await world.as("jane", update, { input: { id: milk, done: true } });
    expect(body.data.updateTodo.todo.done).toBe(true);
  });

  it("denies who may only see the row, and says what it requires", async () => {
    const answer = await world.as("erin", update, { input: { id: offsite, title: "Taken over" } });
    expect([answer.status, errorOf(answer)]).toMatchObject([
      403,
      { code: "FORBIDDEN", coordinate: "Mutation.updateTodo", requires: "todos.update" },
    ]);
    expect(answer.body.data).toBeNull();
    expect(await stored(offsite)).toMatchObject({ title: "Plan the offsite" });
  });

  it("hides a row that is not his the same way as one that never was", async () => {
    const [hidden, foreign, absent] = await Promise.all(
      [offsite, globex, nowhere].map((id) => world.as("bob", update, { input: { id, done: true } })),
    );
    expect(errorOf(absent ?? { body: {} })).toMatchObject({ code: "NOT_FOUND" });
    expect([hidden?.body, foreign?.body]).toEqual([absent?.body, absent?.body]);
    expect(await stored(offsite)).toMatchObject({ done: false });
  });

  it("denies a field rule to the owner himself, and writes nothing of the whole operation", async () => {
    const answer = await world.as("bob", update, {
      input: { id: plants, title: "Water the cactus", internalNote: "mine" },
    });
    expect(errorOf(answer)).toMatchObject({
      code: "FORBIDDEN",
      coordinate: "Todo.internalNote",
      requires: "todos.audit",
    });
    expect(await stored(plants)).toMatchObject({ title: "Water the plants", internal_note: "Bob forgets the cactus." });
  });

  it("allows a field rule to who holds its feature", async () => {
    await world.as("alice", update, { input: { id: offsite, internalNote: null } });
    expect(await stored(offsite)).toMatchObject({ internal_note: null });
  });

  it("rejects a change of nothing, and an empty value where one is needed", async () => {
    expect(errorOf(await world.as("bob", update, { input: { id: plants } }))).toMatchObject({ code: "BAD_USER_INPUT" });
    expect(errorOf(await world.as("bob", update, { input: { id: plants, done: null } }))).toMatchObject({
      code: "BAD_USER_INPUT",
    });
  });

  it("writes nothing when a later field of the operation is denied", async () => {
    const both = `mutation { a: updateTodo(input: { id: "${plants}", title: "Half done" }) { todo { id } } b: deleteTodo(input: { id: "${milk}" }) { id } }`;
    const answer = await world.as("bob", both);
    expect(answer.body.data).toBeNull();
    expect(errorOf(answer)).toMatchObject({ code: "FORBIDDEN", requires: "todos.delete" });
    expect(await stored(plants)).toMatchObject({ title: "Water the plants" });
  });
});

describe("sharing", () => {
  const share = "mutation ($input: ShareTodoInput!) { shareTodo(input: $input) { todo { id } } }";
  const unshare = "mutation ($input: UnshareTodoInput!) { unshareTodo(input: $input) { todo { id } } }";

  it("allows the owner, with a user by email; and closes it again", async () => {
    await world.as("bob", share, { input: { todo: plants, user: "jane@acme.test" } });
    expect(await titlesOf("jane")).toContain("Water the plants");
    await world.as("bob", unshare, { input: { todo: plants, user: "jane@acme.test" } });
    expect(await titlesOf("jane")).not.toContain("Water the plants");
  });

  it("writes the flags anew when it is shared again", async () => {
    await world.as("bob", share, { input: { todo: plants, group: "Office", canWrite: true } });
    await world.as("bob", share, { input: { todo: plants, group: "Office", canDelete: true } });
    const { rows } = await world.database.owner.query(
      "select can_read, can_write, can_delete from public.todo_shares where todo_id = $1",
      [uuidOf(plants)],
    );
    expect(rows).toEqual([{ can_read: true, can_write: false, can_delete: true }]);
    await world.as("bob", unshare, { input: { todo: plants, group: "Office" } });
  });

  it("denies whom it is only shared with", async () => {
    const answers = [
      await world.as("jane", share, { input: { todo: milk, user: "jane@acme.test", canDelete: true } }),
      await world.as("jane", unshare, { input: { todo: milk, group: "Office" } }),
    ];
    expect(answers.map(errorOf)).toMatchObject([
      { code: "FORBIDDEN", coordinate: "Mutation.shareTodo", requires: "todos.share" },
      { code: "FORBIDDEN", coordinate: "Mutation.unshareTodo", requires: "todos.share" },
    ]);
    const { rows } = await world.database.owner.query("select can_delete from public.todo_shares where todo_id = $1", [
      uuidOf(milk),
    ]);
    expect(rows).toEqual([{ can_delete: false }]);
  });

  it("hides a row that is not his the same way as one that never was", async () => {
    const [hidden, absent] = await Promise.all(
      [offsite, nowhere].map((todo) => world.as("bob", share, { input: { todo, user: "bob@acme.test" } })),
    );
    expect(errorOf(absent ?? { body: {} })).toMatchObject({ code: "NOT_FOUND" });
    expect(hidden?.body).toEqual(absent?.body);
  });

  it("rejects nobody, and two at once", async () => {
    expect(errorOf(await world.as("bob", share, { input: { todo: plants } }))).toMatchObject({
      code: "BAD_USER_INPUT",
    });
    expect(
      errorOf(await world.as("bob", share, { input: { todo: plants, user: "jane@acme.test", group: "Office" } })),
    ).toMatchObject({ code: "BAD_USER_INPUT" });
  });

  it("hides a user of another tenant the same way as one that never was", async () => {
    const [foreign, absent] = await Promise.all(
      ["carol@globex.test", "noone@acme.test"].map((user) => world.as("bob", share, { input: { todo: plants, user } })),
    );
    expect(foreign?.body).toEqual(absent?.body);
    expect(foreign?.body.data).toBeNull();
  });
});

describe("deleting", () => {
  const remove = "mutation ($id: ID!) { deleteTodo(input: { id: $id }) { id } }";

  it("denies who may see and edit the row only", async () => {
    const answer = await world.as("jane", remove, { id: milk });
    expect(errorOf(answer)).toMatchObject({
      code: "FORBIDDEN",
      coordinate: "Mutation.deleteTodo",
      requires: "todos.delete",
    });
    expect(await stored(milk)).toBeDefined();
  });

  it("hides a row that is not his the same way as one that never was", async () => {
    const [hidden, absent] = [
      await world.as("bob", remove, { id: chicago }),
      await world.as("bob", remove, { id: nowhere }),
    ];
    expect(errorOf(absent)).toMatchObject({ code: "NOT_FOUND" });
    expect(hidden.body).toEqual(absent.body);
    expect(await stored(chicago)).toBeDefined();
  });

  it("allows the owner", async () => {
    expect((await world.as("jane", remove, { id: chicago })).body).toEqual({ data: { deleteTodo: { id: chicago } } });
    expect(await stored(chicago)).toBeUndefined();
  });
});
