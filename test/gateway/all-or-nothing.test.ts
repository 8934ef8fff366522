/** In charge of mutations with several fields: what one of them refuses leaves nothing behind of the others. */
import { describe, expect, it } from "vitest";
import { useWorld, type Who } from "../support/world.js";

const world = useWorld();

const office = "60000000-0000-4000-8000-000000000001";
const plants = "Todo:70d00000-0000-4000-8000-000000000003";

/** Everything that could have been written, seen by the owner. */
async function everything(): Promise<unknown> {
  const { rows } = await world.database.owner.query(`
    select (select json_agg(t order by t.id) from public.todos t) as todos,
           (select json_agg(s order by s.id) from public.todo_shares s) as shares,
           (select json_agg(c order by c.id) from public.chats c) as chats,
           (select json_agg(g order by g.id) from iam.groups g) as groups,
           (select json_agg(m order by m.group_id, m.user_id) from iam.group_members m) as members,
           (select json_agg(g order by g.id) from iam.grants g) as grants,
           (select json_agg(e order by e.number) from iam.audit_events e where outcome = 'success') as events`);
  return rows[0];
}

interface Case {
  readonly name: string;
  readonly who: Who;
  readonly fields: string;
  readonly status: number;
  readonly code: string;
  readonly path: readonly string[];
}

const cases: readonly Case[] = [
  {
    name: "a field behind a write is not found",
    who: "bob",
    fields:
      'a: createTodo(input: { title: "Kept?" }) { todo { id } } b: deleteTodo(input: { id: "Todo:99999999-9999-4999-8999-999999999999" }) { id }',
    status: 404,
    code: "NOT_FOUND",
    path: ["b"],
  },
  {
    name: "a field behind a write is forbidden",
    who: "bob",
    fields: `a: updateTodo(input: { id: "${plants}", done: true }) { todo { done } } b: deleteTodo(input: { id: "Todo:70d00000-0000-4000-8000-000000000001" }) { id }`,
    status: 403,
    code: "FORBIDDEN",
    path: ["b"],
  },
  {
    name: "a field behind a change of authority has a wrong value",
    who: "alice",
    fields: `a: createGroup(input: { name: "Kept?" }) { group { id } }
      b: addGroupMember(input: { group: "Kept?", user: "bob@acme.test" }) { group { id } }
      c: grantRole(input: { group: "Kept?", role: "sales_manager", scope: "campus/miami" }) { grant { id } }
      d: updateTodo(input: { id: "${plants}", title: "" }) { todo { id } }`,
    status: 400,
    code: "BAD_USER_INPUT",
    path: ["d"],
  },
  {
    name: "a name is taken already",
    who: "alice",
    fields:
      'a: createChat(input: { message: "Kept?" }) { chat { id } } b: createGroup(input: { name: "Office" }) { group { id } }',
    status: 409,
    code: "CONFLICT",
    path: ["b"],
  },
  {
    name: "the payload reads a field that the caller may not read",
    who: "bob",
    fields: 'a: createTodo(input: { title: "Kept?" }) { todo { id internalNote } }',
    status: 403,
    code: "FORBIDDEN",
    path: ["a", "todo", "internalNote"],
  },
  {
    name: "a fragment brings in the field that is refused",
    who: "bob",
    fields: `a: createTodo(input: { title: "Kept?" }) { todo { id } } ... on Mutation { b: shareTodo(input: { todo: "${plants}", group: "Board" }) { todo { id } } }`,
    status: 404,
    code: "NOT_FOUND",
    path: ["b"],
  },
];

describe("a mutation of several fields", () => {
  it.each(cases)("rejects all of them and writes nothing when $name", async ({ who, fields, status, code, path }) => {
    const before = await everything();
    const answer = await world.as(who, `mutation { ${fields} }`);
    expect(answer.status).toBe(status);
    expect(answer.body.data).toBeNull();
    expect(answer.body.errors[0]).toMatchObject({ path, extensions: { code } });
    expect(await everything()).toEqual(before);
  });

  it("writes all of them when none is refused", async () => {
    const answer = await world.as(
      "bob",
      `mutation {
         a: createTodo(input: { title: "Kept" }) { todo { id } }
         b: updateTodo(input: { id: "${plants}", done: true }) { todo { done } }
         c: shareTodo(input: { todo: "${plants}", group: "Group:${office}" }) { todo { id } }
       }`,
    );
    expect(answer.body.errors).toBeUndefined();
    expect(JSON.stringify(await everything())).toContain('"title":"Kept"');
  });

  it("rejects the second of two fields that would each have been right alone, and undoes the first", async () => {
    const before = await everything();
    const twice = `mutation { a: deleteTodo(input: { id: "${plants}" }) { id } b: deleteTodo(input: { id: "${plants}" }) { id } }`;
    expect((await world.as("bob", twice)).body).toMatchObject({ data: null, errors: [{ path: ["b"] }] });
    expect(await everything()).toEqual(before);
  });
});
