/** A field with a rule: nobody learns its value who may not read it, by no way a query has. */
import { describe, expect, it } from "vitest";
import { useWorld, type Who } from "../support/world.js";

const world = useWorld();

async function setNote(title: string, note: string | null): Promise<void> {
  await world.database.owner.query("update public.todos set internal_note = $2 where title = $1", [title, note]);
}

describe("internalNote", () => {
  it("allows who holds todos.audit at the row's scope", async () => {
    const { body } = await world.as(
      "erin",
      '{ todos(filter: { title: { startsWith: "Buy" } }) { nodes { internalNote note: internalNote } } }',
    );
    const note = "The card is in the blue drawer.";
    expect(body).toEqual({ data: { todos: { nodes: [{ internalNote: note, note }] } } });
  });

  it("denies everybody else, at the very field, and reads the rest of the row", async () => {
    const { status, body } = await world.as(
      "bob",
      '{ todos(filter: { title: { startsWith: "Water" } }) { nodes { title note: internalNote } } }',
    );
    expect(status).toBe(200);
    expect(body.data.todos.nodes).toEqual([{ title: "Water the plants", note: null }]);
    expect(body.errors).toMatchObject([
      {
        path: ["todos", "nodes", 0, "note"],
        extensions: { code: "FORBIDDEN", coordinate: "Todo.internalNote", requires: "todos.audit" },
      },
    ]);
  });

  it("denies it in a mutation's payload, and writes nothing", async () => {
    const { body } = await world.as(
      "bob",
      'mutation { createTodo(input: { title: "Peek" }) { todo { internalNote } } }',
    );
    expect(body).toMatchObject({ data: null, errors: [{ extensions: { code: "FORBIDDEN" } }] });
    const { rows } = await world.database.owner.query("select from public.todos where title = 'Peek'");
    expect(rows).toEqual([]);
  });

  it("judges each row by its own scope", async () => {
    await world.database.owner.query(
      `insert into iam.grants (tenant_id, user_id, feature_id, scope_id)
       select s.tenant_id, u.id, f.id, s.id from iam.users u, iam.features f, iam.scopes s
       where u.email = 'jane@acme.test' and f.code = 'todos.audit' and s.key = 'chicago'`,
    );
    await setNote("Call the Chicago store", "They moved.");
    const { body } = await world.as("jane", "{ todos { nodes { title internalNote } } }");
    expect(body.data.todos.nodes).toEqual([
      { title: "Call the Chicago store", internalNote: "They moved." },
      { title: "Buy milk for the office", internalNote: null },
    ]);
    expect(body.errors).toHaveLength(1);
  });
});

describe("reminder", () => {
  const chats = "{ chats(orderBy: [{ createdAt: ASC }]) { nodes { message reminder } } }";

  it("allows the owner, and is null for whoever sees the chat besides him, holders of everything included", async () => {
    const message = "Who is in the office on Friday?";
    const { body } = await world.as("bob", chats);
    expect(body).toEqual({ data: { chats: { nodes: [{ message, reminder: "Ask Jane about the key." }] } } });
    for (const who of ["alice", "jane", "erin"] as const) {
      const { body: seen } = await world.as(who, chats);
      expect(seen.errors).toBeUndefined();
      expect(seen.data.chats.nodes[0]).toEqual({ message, reminder: null });
    }
  });

  it("denies everybody else to write it, and writes nothing", async () => {
    const { status, body } = await world.as(
      "alice",
      'mutation { updateChat(input: { id: "Chat:c4a70000-0000-4000-8000-000000000001", reminder: "x" }) { chat { id } } }',
    );
    expect({ status, code: body.errors[0].extensions }).toMatchObject({
      status: 403,
      code: { coordinate: "Chat.reminder", requires: "owner" },
    });
    const { rows } = await world.database.owner.query("select from public.chats where reminder = 'x'");
    expect(rows).toEqual([]);
  });
});

// Every argument that could tell: if an answer changes with the note, the note is known.
const probes: readonly (readonly [string, string])[] = [
  ["eq", '{ todos(filter: { internalNote: { eq: "A" } }) { totalCount nodes { id } } }'],
  ["ne", '{ todos(filter: { internalNote: { ne: "A" } }) { totalCount nodes { id } } }'],
  ["in", '{ todos(filter: { internalNote: { in: ["A", "z"] } }) { totalCount } }'],
  ["startsWith", '{ todos(filter: { internalNote: { startsWith: "A" } }) { totalCount } }'],
  ["contains", '{ todos(filter: { internalNote: { contains: "A" } }) { totalCount } }'],
  [
    "gt and lte",
    '{ a: todos(filter: { internalNote: { gt: "m" } }) { totalCount } b: todos(filter: { internalNote: { lte: "m" } }) { totalCount } }',
  ],
  [
    "isNull",
    "{ a: todos(filter: { internalNote: { isNull: true } }) { totalCount } b: todos(filter: { internalNote: { isNull: false } }) { totalCount } }",
  ],
  ["not", '{ todos(filter: { not: { internalNote: { eq: "A" } } }) { totalCount } }'],
  [
    "orderBy",
    "{ a: todos(orderBy: [{ internalNote: ASC }]) { nodes { id } } b: todos(orderBy: [{ internalNote: DESC }]) { nodes { id } } }",
  ],
  ["the cursor", "{ todos(orderBy: [{ internalNote: ASC }]) { edges { cursor } pageInfo { endCursor } } }"],
  [
    "a nested list",
    '{ scopes { nodes { todos(filter: { internalNote: { gte: "m" } }, orderBy: [{ internalNote: ASC }]) { totalCount edges { cursor } } } } }',
  ],
];

describe.each(probes)("asked through %s", (_name, query) => {
  const answersTo = async (who: Who) => {
    const answers: unknown[] = [];
    for (const note of ["A", "z", null]) {
      await setNote("Water the plants", note);
      answers.push((await world.as(who, query)).body);
    }
    return answers;
  };

  it("reads the same whatever the note says, for who may not read it", async () => {
    const [a, z, none] = await answersTo("bob");
    expect(a).not.toHaveProperty("errors");
    expect([z, none]).toEqual([a, a]);
  });

  it("reads differently for who may", async () => {
    const [a, z, none] = await answersTo("erin");
    expect(new Set([a, z, none].map((answer) => JSON.stringify(answer))).size).toBeGreaterThan(1);
  });
});
