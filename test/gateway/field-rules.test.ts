/** In charge of a field with a rule of its own: read, denied or empty row by row, and by no other path. */
import { beforeAll, describe, expect, it } from "vitest";
import { asking } from "../support/asking.js";
import { useWorld, type Who } from "../support/world.js";

const world = useWorld();
const { reads, refuses } = asking(world);

const milk = "Todo:70d00000-0000-4000-8000-000000000001";
const chicago = "Todo:70d00000-0000-4000-8000-000000000004";
const ofStore = "Todo:70d00000-0000-4000-8000-000000000042";

beforeAll(async () => {
  await world.database.owner.query(
    `insert into public.todos (id, tenant_id, owner_id, scope_id, title, internal_note)
     select '70d00000-0000-4000-8000-000000000042', s.tenant_id, u.id, s.id, 'Count the stock', 'Shelf 9'
     from iam.scopes s, iam.users u where s.key = '42' and u.email = 'jane@acme.test'`,
  );
  // What jane may audit stands below chicago; the milk is shared with her, but stands at the root.
  await reads(
    "alice",
    'mutation { grantFeature(input: { feature: "todos.audit", user: "jane@acme.test", scope: "campus/chicago" }) { grant { id } } }',
  );
});

const denied = (path: readonly (string | number)[]) => ({
  path,
  extensions: { code: "FORBIDDEN", coordinate: "Todo.internalNote", requires: "todos.audit" },
});

/** Every path to the note of a todo that bob may read without its note. */
const paths: Readonly<Record<string, readonly [query: string, path: readonly (string | number)[]]>> = {
  "by id": [`{ todo(id: "${milk}") { internalNote } }`, ["todo", "internalNote"]],
  "under another name": [`{ todo(id: "${milk}") { title: internalNote } }`, ["todo", "title"]],
  "under the name of another field beside it": [
    `{ todo(id: "${milk}") { id: internalNote note: title } }`,
    ["todo", "id"],
  ],
  "from a list": [
    '{ todos(filter: { title: { contains: "milk" } }) { nodes { internalNote } } }',
    ["todos", "nodes", 0, "internalNote"],
  ],
  "from an edge": [
    '{ todos(filter: { title: { contains: "milk" } }) { edges { node { internalNote } } } }',
    ["todos", "edges", 0, "node", "internalNote"],
  ],
  "from a node": [`{ node(id: "${milk}") { ... on Todo { internalNote } } }`, ["node", "internalNote"]],
  "from nodes": [
    `{ nodes(ids: ["${milk}", "${milk}"]) { ... on Todo { internalNote } } }`,
    ["nodes", 0, "internalNote"],
  ],
  "in a fragment": [
    `query { todo(id: "${milk}") { ...Note } } fragment Note on Todo { internalNote }`,
    ["todo", "internalNote"],
  ],
  "in a fragment on Node": [
    `{ todo(id: "${milk}") { ... on Node { ... on Todo { internalNote } } } }`,
    ["todo", "internalNote"],
  ],
  "included by a variable": [
    `query ($yes: Boolean = true) { todo(id: "${milk}") { internalNote @include(if: $yes) } }`,
    ["todo", "internalNote"],
  ],
};

describe("a field that needs a feature", () => {
  it.each(Object.entries(paths))("denies it to a reader of the row %s", async (_name, [query, path]) => {
    const { body } = await world.as("bob", query);
    expect(body.errors[0]).toMatchObject(denied(path));
    expect(JSON.stringify(body)).not.toContain("blue drawer");
  });

  it("reads it under any name where the feature is held", async () => {
    expect(await reads("erin", `{ todo(id: "${milk}") { id: internalNote internalNote note: internalNote } }`)).toEqual(
      {
        todo: {
          id: "The card is in the blue drawer.",
          internalNote: "The card is in the blue drawer.",
          note: "The card is in the blue drawer.",
        },
      },
    );
  });

  it("reads it, empty or not, on the rows where it is held, and denies it on the others of the same list", async () => {
    const { body } = await world.as("jane", "{ todos(orderBy: [{ title: ASC }]) { nodes { title internalNote } } }");
    expect(body.data.todos.nodes).toEqual([
      { title: "Buy milk for the office", internalNote: null },
      { title: "Call the Chicago store", internalNote: null },
      { title: "Count the stock", internalNote: "Shelf 9" },
    ]);
    expect(body.errors).toHaveLength(1);
    expect(body.errors[0]).toMatchObject(denied(["todos", "nodes", 0, "internalNote"]));
  });

  it("hides the row with the field where the row isn't the caller's to read", async () => {
    const query = `{ todo(id: "${ofStore}") { internalNote } node(id: "${ofStore}") { ... on Todo { internalNote } } }`;
    for (const who of ["bob", "carol", "mallory"] as const)
      expect(await reads(who, query)).toEqual({ todo: null, node: null });
  });

  it("denies writing it, and writes nothing of the rest", async () => {
    const edit = (id: string) =>
      `mutation { updateTodo(input: { id: "${id}", title: "Changed", internalNote: "x" }) { todo { id } } }`;
    expect(await refuses("bob", edit("Todo:70d00000-0000-4000-8000-000000000003"))).toMatchObject({
      status: 403,
      extensions: { coordinate: "Todo.internalNote", requires: "todos.audit" },
    });
    expect(
      await refuses("bob", 'mutation { createTodo(input: { title: "Changed", internalNote: "x" }) { todo { id } } }'),
    ).toMatchObject({ status: 403, code: "FORBIDDEN" });
    const { rows } = await world.database.owner.query("select from public.todos where title = 'Changed'");
    expect(rows).toEqual([]);
  });

  it("allows writing it where the feature is held at the row's scope", async () => {
    const edit = `mutation { updateTodo(input: { id: "${chicago}", internalNote: "Ask for Sam" }) { todo { internalNote } } }`;
    expect(await reads("jane", edit)).toEqual({ updateTodo: { todo: { internalNote: "Ask for Sam" } } });
  });
});

describe("a field of a row that leads to other rows", () => {
  const see = async (who: Who, query: string) => JSON.stringify((await world.as(who, query)).body);

  it("hides an owner's own fields from whom the users' policies hide them, on every path", async () => {
    const bobs = await see("bob", `{ todo(id: "${milk}") { owner { id email name } } }`);
    expect(bobs).toContain("alice@acme.test");
    await world.database.owner.query("update iam.groups set members_see_each_other = false");
    for (const query of [
      "{ users { nodes { email } } }",
      "{ groups { nodes { members { nodes { email } totalCount } } } }",
      "{ grants { nodes { user { email } role { code } } } }",
    ]) {
      const answer = await see("bob", query);
      expect(answer).not.toMatch(/jane@|erin@|carol@|mallory@|reports@|ada@/);
    }
  });

  it("hides other people's grants from a member, also below what he sees", async () => {
    expect(await reads("bob", "{ grants { totalCount } }")).toEqual({ grants: { totalCount: 0 } });
    const { grants } = await reads("jane", "{ grants { nodes { user { email } } } }");
    expect(new Set(grants.nodes.map(({ user }: { user: { email: string } }) => user.email))).toEqual(
      new Set(["jane@acme.test"]),
    );
  });

  it("hides the members of a group from whom it is hidden", async () => {
    const board = "Group:60000000-0000-4000-8000-000000000003";
    expect(
      await reads("alice", `{ group(id: "${board}") { members { totalCount } } node(id: "${board}") { id } }`),
    ).toEqual({ group: null, node: null });
  });
});
