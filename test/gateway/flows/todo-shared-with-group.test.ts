/** In charge of the seed flow S2.30: a private todo, a group, a share for writing, and the way out again. */
import { describe, expect, it } from "vitest";
import { asking } from "../../support/asking.js";
import { useWorld } from "../../support/world.js";

const world = useWorld();
const { reads, refuses } = asking(world);

const readTodo = "query ($id: ID!) { todo(id: $id) { title done } todos(first: 100) { nodes { id } } }";
const editTodo = "mutation ($id: ID!) { updateTodo(input: { id: $id, done: true }) { todo { done } } }";
const deleteTodo = "mutation ($id: ID!) { deleteTodo(input: { id: $id }) { id } }";
const shareTodo =
  "mutation ($id: ID!, $group: String!) { shareTodo(input: { todo: $id, group: $group, canWrite: true }) { todo { id } } }";

/** The first pair is the seed's, where the owner holds everything in the tenant; in the second nobody holds anything. */
const pairs = [
  { owner: "alice", member: "bob", name: "Project Team" },
  { owner: "bob", member: "jane", name: "Plain Members" },
] as const;

describe.each(pairs)("a todo of $owner, shared with $member through a group", ({ owner, member, name }) => {
  const email = `${member}@acme.test`;
  let id = "";
  let group = "";
  const stored = async () =>
    (await world.database.owner.query("select done from public.todos where 'Todo:' || id = $1", [id])).rows;
  const seenBy = async (who: typeof owner | typeof member | "carol" | "erin") => {
    const { todo, todos } = await reads(who, readTodo, { id });
    return { todo, isListed: todos.nodes.some((node: { readonly id: string }) => node.id === id) };
  };
  const hidden = { todo: null, isListed: false };

  it("allows the owner to write it down, in his own name", async () => {
    const { createTodo } = await reads(
      owner,
      'mutation Todo { createTodo(input: { title: "My first todo" }) { todo { id owner { email } } } }',
    );
    expect(createTodo.todo).toEqual({ id: expect.stringMatching(/^Todo:/), owner: { email: `${owner}@acme.test` } });
    id = createTodo.todo.id;
    expect(await seenBy(owner)).toEqual({ todo: { title: "My first todo", done: false }, isListed: true });
  });

  it("hides it from everybody else", async () => {
    expect(await seenBy(member)).toEqual(hidden);
    expect(await seenBy("carol")).toEqual(hidden);
    for (const mutation of [editTodo, deleteTodo])
      expect(await refuses(member, mutation, { id })).toMatchObject({ status: 404, code: "NOT_FOUND" });
    expect(await stored()).toEqual([{ done: false }]);
  });

  it("allows the owner to make a group and to add a member", async () => {
    const { createGroup } = await reads(
      owner,
      "mutation Group ($name: String!) { createGroup(input: { name: $name }) { group { id } } }",
      { name },
    );
    group = createGroup.group.id;
    const { addGroupMember } = await reads(
      owner,
      `mutation Add ($group: String!, $user: String!) { addGroupMember(input: { group: $group, user: $user, until: "2027-01-01T00:00:00Z" }) {
         group { members(first: 10) { edges { node { email } } } } } }`,
      { group, user: email },
    );
    expect(addGroupMember.group.members.edges).toEqual([{ node: { email } }]);
  });

  it("hides it from a member of a group that it isn't shared with", async () => {
    expect(await seenBy(member)).toEqual(hidden);
  });

  it("denies sharing it to whoever doesn't see it", async () => {
    expect(await refuses(member, shareTodo, { id, group })).toMatchObject({ code: "NOT_FOUND" });
    expect(await seenBy(member)).toEqual(hidden);
  });

  it("allows the member to read and to edit it once it is shared for writing", async () => {
    await reads(owner, shareTodo, { id, group });
    expect(await seenBy(member)).toEqual({ todo: { title: "My first todo", done: false }, isListed: true });
    expect(await reads(member, editTodo, { id })).toEqual({ updateTodo: { todo: { done: true } } });
    expect(await stored()).toEqual([{ done: true }]);
  });

  it("denies the member to delete it", async () => {
    expect(await refuses(member, deleteTodo, { id })).toMatchObject({
      status: 403,
      code: "FORBIDDEN",
      extensions: { coordinate: "Mutation.deleteTodo", requires: "todos.delete" },
    });
    expect(await stored()).toEqual([{ done: true }]);
  });

  it("denies the member to share it on, or to close it to others", async () => {
    const share =
      "mutation ($id: ID!, $user: String!) { shareTodo(input: { todo: $id, user: $user }) { todo { id } } }";
    const unshare =
      "mutation ($id: ID!, $group: String!) { unshareTodo(input: { todo: $id, group: $group }) { todo { id } } }";
    const refusal = { code: "FORBIDDEN", extensions: { requires: "todos.share" } };
    expect(await refuses(member, share, { id, user: email })).toMatchObject(refusal);
    expect(await refuses(member, unshare, { id, group: name })).toMatchObject(refusal);
    expect(await seenBy(owner)).toMatchObject({ isListed: true });
    expect(await seenBy(member)).toMatchObject({ isListed: true });
  });

  it("denies the member to pull somebody else into the group", async () => {
    const add =
      'mutation ($group: String!) { addGroupMember(input: { group: $group, user: "erin@acme.test" }) { group { id } } }';
    expect(await refuses(member, add, { group })).toMatchObject({ code: "FORBIDDEN" });
  });

  it("hides it from the member the moment he is out of the group", async () => {
    const remove =
      "mutation Remove ($group: String!, $user: String!) { removeGroupMember(input: { group: $group, user: $user }) { group { id } } }";
    expect(await reads(owner, remove, { group, user: email })).toEqual({ removeGroupMember: { group: { id: group } } });
    expect(await seenBy(member)).toEqual(hidden);
    expect(await refuses(member, editTodo, { id })).toMatchObject({ code: "NOT_FOUND" });
    expect(await stored()).toEqual([{ done: true }]);
  });

  it("allows the owner to delete it, and hides it from him too then", async () => {
    expect(await reads(owner, deleteTodo, { id })).toEqual({ deleteTodo: { id } });
    expect(await seenBy(owner)).toEqual(hidden);
    expect(await stored()).toEqual([]);
  });
});
