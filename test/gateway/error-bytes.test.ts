/** In charge of what the bytes of an error give away: hidden and absent are told alike, conflicts name nothing, faults are masked. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createPool, type Pool } from "../../src/database/pool.js";
import { useTestDatabase } from "../support/database.js";
import type { Answer } from "../support/gateway.js";
import { gatewayOver } from "../support/gateway-over.js";

const database = useTestDatabase();
let pool: Pool;
let world: ReturnType<typeof gatewayOver>;

const bob = "bob@acme.test";
const never = "99999999-9999-4999-8999-999999999999";

beforeAll(async () => {
  pool = createPool({ url: database.url, size: 2, acquireTimeoutMillis: 5_000, prepare: true });
  world = gatewayOver(pool);
  await database.owner.query(
    `insert into iam.groups (id, tenant_id, name, owner_id)
     select '60000000-0000-4000-8000-00000000005e', t.id, 'Secret Circle', u.id from iam.tenants t, iam.users u
     where t.slug = 'acme' and u.email = 'alice@acme.test'`,
  );
});
afterAll(() => pool?.close());

const bytesOf = ({ status, body }: Answer) => `${status} ${JSON.stringify(body)}`;

/** Rows of bob's own tenant that he may not see. */
const hidden: Readonly<Record<string, string>> = {
  Todo: "70d00000-0000-4000-8000-000000000002",
  Chat: "c4a70000-0000-4000-8000-000000000002",
  Group: "60000000-0000-4000-8000-00000000005e",
};
const questions: readonly (readonly [name: string, type: keyof typeof hidden, query: string])[] = [
  ["todo", "Todo", "query ($id: ID!) { todo(id: $id) { title internalNote } }"],
  ["node", "Todo", "query ($id: ID!) { node(id: $id) { id } }"],
  ["nodes", "Chat", "query ($id: ID!) { nodes(ids: [$id]) { id } }"],
  ["updateTodo", "Todo", "mutation ($id: ID!) { updateTodo(input: { id: $id, done: true }) { todo { id } } }"],
  [
    "updateTodo with a guarded field",
    "Todo",
    'mutation ($id: ID!) { updateTodo(input: { id: $id, internalNote: "x" }) { todo { id } } }',
  ],
  ["deleteTodo", "Todo", "mutation ($id: ID!) { deleteTodo(input: { id: $id }) { id } }"],
  [
    "shareTodo",
    "Todo",
    'mutation ($id: ID!) { shareTodo(input: { todo: $id, user: "jane@acme.test" }) { todo { id } } }',
  ],
  [
    "unshareTodo",
    "Todo",
    'mutation ($id: ID!) { unshareTodo(input: { todo: $id, user: "jane@acme.test" }) { todo { id } } }',
  ],
  ["deleteChat", "Chat", "mutation ($id: ID!) { deleteChat(input: { id: $id }) { id } }"],
  [
    "addGroupMember",
    "Group",
    'mutation ($id: String!) { addGroupMember(input: { group: $id, user: "bob@acme.test" }) { group { id } } }',
  ],
  ["deleteGroup", "Group", "mutation ($id: String!) { deleteGroup(input: { group: $id }) { id } }"],
  [
    "updateGroup",
    "Group",
    'mutation ($id: String!) { updateGroup(input: { group: $id, name: "x" }) { group { id } } }',
  ],
];

describe("a hidden row of the caller's own tenant", () => {
  it.each(questions)("is hidden from %s like one that never was", async (_name, type, query) => {
    const hides = await world.ask(bob, query, { id: `${type}:${hidden[type]}` });
    expect(bytesOf(hides)).toBe(bytesOf(await world.ask(bob, query, { id: `${type}:${never}` })));
    expect(bytesOf(hides)).toMatch(
      query.startsWith("mutation") ? /^404 .*"NOT_FOUND"/ : /^200 \{"data":\{"\w+":\[?null/,
    );
    const { rows } = await database.owner.query(
      "select from public.todos where title = 'Plan the offsite' and not done",
    );
    expect(rows).toHaveLength(1);
  });

  it("is hidden from a mutation by its name like one that never was", async () => {
    const add =
      'mutation ($name: String!) { addGroupMember(input: { group: $name, user: "bob@acme.test" }) { group { id } } }';
    const answer = await world.ask(bob, add, { name: "Secret Circle" });
    expect(bytesOf(answer)).toBe(bytesOf(await world.ask(bob, add, { name: "Nobody's Circle" })));
    expect(answer).toMatchObject({ status: 404, body: { errors: [{ extensions: { code: "NOT_FOUND" } }] } });
  });
});

describe("a name that is taken", () => {
  const create = "mutation ($name: String!) { createGroup(input: { name: $name }) { group { id } } }";

  it("rejects it with the same bytes whether the caller may see who has it or not", async () => {
    const seen = await world.ask(bob, create, { name: "Office" });
    expect(bytesOf(seen)).toBe(bytesOf(await world.ask(bob, create, { name: "Secret Circle" })));
    expect(seen).toMatchObject({ status: 409, body: { data: null, errors: [{ extensions: { code: "CONFLICT" } }] } });
    expect(bytesOf(seen)).not.toMatch(/groups_|constraint|unique|duplicate|60000000|Office|alice/i);
  });

  it("hides that another tenant has it", async () => {
    expect((await world.ask(bob, create, { name: "Board" })).body.data.createGroup.group.id).toMatch(/^Group:/);
  });
});

describe("a refusal", () => {
  it("tells where, the code, the coordinate and what it requires", async () => {
    const { body } = await world.ask(bob, '{ todo(id: "Todo:70d00000-0000-4000-8000-000000000001") { internalNote } }');
    expect(body.errors).toEqual([
      {
        message: "Not allowed: Todo.internalNote requires todos.audit.",
        locations: [{ line: 1, column: 59 }],
        path: ["todo", "internalNote"],
        extensions: { code: "FORBIDDEN", coordinate: "Todo.internalNote", requires: "todos.audit" },
      },
    ]);
  });

  it.each([
    "{ todos(first: 101) { totalCount } }",
    '{ todo(id: "Chat:c4a70000-0000-4000-8000-000000000001") { id } }',
    "{ todos(first: 1, last: 1) { totalCount } }",
    '{ todo(id: "1; drop table todos") { id } }',
  ])("rejects %s as the client's mistake, not as a fault", async (query) => {
    expect((await world.ask(bob, query)).body.errors[0].extensions).toEqual({ code: "BAD_USER_INPUT" });
  });
});

describe("a fault nobody foresaw", () => {
  beforeAll(() => database.owner.query("alter table public.chats rename column message to renamed"));
  afterAll(() => database.owner.query("alter table public.chats rename column renamed to message"));

  it.each(["{ chats { nodes { message } } }", 'mutation { createChat(input: { message: "x" }) { chat { id } } }'])(
    "masks what the database said to %s, and logs it once",
    async (query) => {
      const before = world.logged.length;
      const { status, body } = await world.ask(bob, query);
      expect(status === 200 || status === 500).toBe(true);
      expect(body.errors).toEqual([
        {
          message: "Internal server error.",
          locations: expect.any(Array),
          path: expect.any(Array),
          extensions: { code: "INTERNAL_SERVER_ERROR", requestId: expect.any(String) },
        },
      ]);
      expect(JSON.stringify(body)).not.toMatch(/renamed|42703|select|insert|relation/i);
      expect(world.logged.slice(before)).toEqual([
        expect.objectContaining({ event: "error_masked", requestId: body.errors[0].extensions.requestId }),
      ]);
    },
  );

  it("reads on afterwards over the same connections", async () => {
    expect((await world.ask(bob, "{ todos { totalCount } }")).status).toBe(200);
  });
});
