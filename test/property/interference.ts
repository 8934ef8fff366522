/**
 * In charge of non-interference: everything that a caller can't read is changed, and every answer that he gets over HTTP is
 * compared with the one before, byte by byte. What he can't read is what PostgreSQL doesn't show him, and the fields that
 * GraphQL refuses him.
 */
import {
  type GraphQLField,
  type GraphQLObjectType,
  getNamedType,
  isInputObjectType,
  isLeafType,
  isObjectType,
} from "graphql";
import type pg from "pg";
import type { Sessions } from "../../src/database/session.js";
import { schema } from "../../src/schema/index.js";
import { callerOf, inSession } from "./ask-database.js";
import type { Gateway } from "./ask-gateway.js";
import { labelOf } from "./compare.js";
import { Notes, type Verdict } from "./notes.js";
import type { Credential } from "./oracle.js";
import type { StoredWorld } from "./store-world.js";

/** Where it is tried, and as whom. */
export interface Interference {
  readonly owner: pg.Pool;
  readonly sessions: Sessions;
  readonly gateway: Gateway;
  readonly stored: StoredWorld;
  readonly who: Credential;
}

/** Changes everything hidden, and holds each answer against the one before. Nothing is compared for whom no session opens. */
export async function interfere({ owner, sessions, gateway, stored, who }: Interference): Promise<Verdict> {
  const notes = new Notes("the answer after a hidden change");
  const changes = await inSession(sessions, callerOf(stored, who), async (session) => {
    await session.identity();
    // nobody has no right on any table
    if (who.user === null) return hidden.map(() => []);
    const seen = hidden.map(async ({ table, readable = "true" }) => {
      const sql = `select id::text, (${readable}) as readable from ${table}`;
      return session.run<{ id: string; readable: boolean }>({ sql, parameters: [] });
    });
    return (await Promise.all(seen)).map((rows) => rows.filter((row) => row.readable).map(({ id }) => id));
  });
  if (typeof changes === "number") return notes;
  const questions = questionsAbout(stored);
  const ask = async () => {
    const answers: string[] = [];
    for (const question of questions) {
      const { status, body } = await gateway.ask(stored, who, question);
      answers.push(`${status} ${JSON.stringify(body)}`);
    }
    return answers;
  };
  const before = await ask();
  await changeHidden(owner, stored, {
    readable: changes,
    isDelegated: who.apiKey !== undefined || who.actAs !== undefined,
  });
  const after = await ask();
  questions.forEach((question, n) => {
    const isSame = before[n] === after[n];
    notes.same(`${labelOf(who)}: ${question}`, isSame || before[n]?.slice(0, 400), isSame || after[n]?.slice(0, 400));
  });
  return notes;
}

// What is changed -----------------------------------------------------------------------------------------------------------

interface Hidden {
  readonly table: string;
  /** What must be true of a row besides its being seen, for its values to count as readable. */
  readonly readable?: string;
  /** Changes of the rows `h` that are hidden from the caller. */
  readonly changes: readonly string[];
}

const mine = "h.id <> all ($1) and h.tenant_id = any ($2)";

/** Each table with rows that somebody may not see. `$1` is what the caller reads, `$2` the world's tenants, `$3` its users. */
const hidden: readonly Hidden[] = [
  {
    table: "public.todos",
    changes: [
      `insert into public.todos (tenant_id, owner_id, scope_id, title) select h.tenant_id, h.owner_id, h.scope_id, 'another' from public.todos h where ${mine} and not exists (select from public.todo_shares s where s.todo_id = h.id)`,
      `update public.todos h set title = 'changed', done = not done, internal_note = 'changed', created_at = now() - interval '9 days', updated_at = now() where ${mine}`,
      `delete from public.todos h where ${mine} and h.id::text < '8'`,
    ],
  },
  {
    table: "public.todos",
    readable: "(select iam.holds_everywhere('todos.audit')) or scope_id in (select iam.scopes_with('todos.audit'))",
    // a note that changes stamps its row, as is to be seen: here nothing else does
    changes: [
      `begin; set local session_replication_role = replica; update public.todos h set internal_note = 'changed again' where ${mine}; commit`,
    ],
  },
  {
    table: "public.chats",
    changes: [
      `insert into public.chats (tenant_id, owner_id, scope_id, message) select h.tenant_id, h.owner_id, h.scope_id, 'another' from public.chats h where ${mine} and not exists (select from public.chat_shares s where s.chat_id = h.id)`,
      `update public.chats h set message = 'changed', created_at = now() - interval '9 days' where ${mine}`,
    ],
  },
  {
    table: "public.sales",
    changes: [
      `insert into public.sales (tenant_id, campus, amount) select h.tenant_id, h.campus, 7 from public.sales h where ${mine}`,
      `update public.sales h set amount = amount + 1 where ${mine}`,
    ],
  },
  {
    table: "public.todo_shares",
    changes: [`update public.todo_shares h set can_write = not can_write, can_read = not can_read where ${mine}`],
  },
  { table: "public.chat_shares", changes: [`delete from public.chat_shares h where ${mine}`] },
  {
    table: "iam.grants",
    changes: [
      `insert into iam.grants (tenant_id, user_id, group_id, feature_id, scope_id)
       select distinct on (h.user_id, h.group_id, h.scope_id) h.tenant_id, h.user_id, h.group_id, f.id, h.scope_id
       from iam.grants h join iam.features f on f.code = 'approve_payments' where ${mine}`,
      `update iam.grants h set valid_until = now() + interval '1 day' where ${mine} and h.valid_from is null`,
      `delete from iam.grants h where ${mine} and h.id::text < '6'`,
    ],
  },
  { table: "iam.groups", changes: [`update iam.groups h set name = 'changed ' || h.id where ${mine}`] },
  { table: "iam.scopes", changes: [`update iam.scopes h set name = 'changed' where ${mine}`] },
  { table: "iam.roles", changes: [`update iam.roles h set name = 'changed' where ${mine}`] },
  {
    table: "iam.api_keys",
    changes: [`update iam.api_keys h set name = 'changed', last_used_at = now() where ${mine}`],
  },
  {
    table: "iam.users",
    changes: [
      "update iam.users h set name = 'changed', email = 'changed-' || h.email where h.id <> all ($1) and h.id = any ($3) and h.email not like 'changed-%'",
    ],
  },
  {
    table: "iam.tenants",
    changes: ["update iam.tenants h set name = 'changed' where h.id <> all ($1) and h.id = any ($2)"],
  },
];

interface Reach {
  readonly readable: readonly (readonly string[])[];
  readonly isDelegated: boolean;
}

async function changeHidden(owner: pg.Pool, { world, id }: StoredWorld, { readable, isDelegated }: Reach) {
  const [tenants, users] = [world.tenants, world.users].map((list) => uuids(list.map((one) => id(one.id))));
  for (const [n, { table, changes }] of hidden.entries()) {
    // what gives a delegated session its authority is mostly hidden from it: grants, and what is shared with whoever acts
    if (isDelegated && (table.startsWith("iam.") || table.endsWith("_shares"))) continue;
    const values = { $1: uuids(readable[n] ?? []), $2: tenants ?? "", $3: users ?? "" };
    for (const change of changes)
      await owner.query(Object.entries(values).reduce((sql, [place, value]) => sql.replaceAll(place, value), change));
  }
}

const uuids = (ids: readonly string[]) => `'{${ids.join(",")}}'::uuid[]`;

// What is asked -------------------------------------------------------------------------------------------------------------

// The schema says what can be asked: every list whole, in every order from both ends, with what is true of all of it;
// every row of the world by its id; and what is refused.
function questionsAbout(stored: StoredWorld): readonly string[] {
  const { world, id } = stored;
  const ids = [
    ...world.rows.map((row) => `${row.resource === "todos" ? "Todo" : "Chat"}:${id(row.id)}`),
    ...world.sales.map((sale) => `Sale:${id(sale.id)}`),
    ...world.users.map((user) => `User:${id(user.id)}`),
    ...world.groups.map((group) => `Group:${id(group.id)}`),
    ...world.scopes.map((scope) => `Scope:${id(scope.id)}`),
    ...world.grants.map((grant) => `Grant:${id(grant.id)}`),
  ];
  const nodes = chunks(ids, 50).map((some) => `{ nodes(ids: ${JSON.stringify(some)}) { __typename id } }`);
  return [
    ...lists,
    ...nodes,
    ...world.rows.flatMap((row) => refusalsOn(`${row.resource === "todos" ? "Todo" : "Chat"}`, id(row.id))),
    `{ todos(filter: { title: { contains: "changed" } }) { totalCount } }`,
    `{ todos(filter: { internalNote: { contains: "changed" } }) { totalCount nodes { id } } }`,
    `{ chats(filter: { message: { eq: "changed" } }) { totalCount } }`,
    "{ viewer { kind user { id email } tenant { id slug name } permissions { features { feature scope } types { name read create update delete } } } authorizedRoutes { route } }",
  ];
}

// A second field refuses for certain, so that nothing is done where the caller may.
function refusalsOn(type: string, id: string): readonly string[] {
  const undo = `undo: deleteTodo(input: { id: "Todo:00000000-0000-4000-8000-000000000000" }) { id }`;
  const field = type === "Todo" ? "title" : "message";
  return [
    `mutation { update${type}(input: { id: "${type}:${id}", ${field}: "mine" }) { __typename } ${undo} }`,
    `mutation { delete${type}(input: { id: "${type}:${id}" }) { id } ${undo} }`,
  ];
}

// In every order where rows are hidden one by one; of authority, in one.
const ofRows = ["Todo", "Chat", "Sale"];
const lists = Object.values(schema.getQueryType()?.getFields() ?? {}).flatMap(questionsOnList);

function questionsOnList(field: GraphQLField<unknown, unknown>): readonly string[] {
  const type = getNamedType(field.type);
  const names = field.args.map(({ name }) => name);
  if (!isObjectType(type) || !names.includes("orderBy")) return [];
  const node = getNamedType(type.getFields()["nodes"]?.type ?? type);
  if (!isObjectType(node)) return [];
  const order = getNamedType(field.args.find(({ name }) => name === "orderBy")?.type ?? type);
  const keys = isInputObjectType(order) ? Object.keys(order.getFields()) : [];
  const page = "totalCount pageInfo { startCursor endCursor hasNextPage hasPreviousPage }";
  const aggregates = selectionOf(type.getFields()["aggregates"], 3);
  return [
    `{ ${field.name}(first: 100) { ${page} ${aggregates} edges { cursor node { ${leavesOf(node)} ${selectionOf(node.getFields()["access"], 3)} } } } }`,
    ...(ofRows.includes(node.name) ? keys : keys.slice(0, 1)).flatMap((key) => [
      `{ ${field.name}(first: 2, orderBy: [{ ${key}: ASC }]) { ${page} nodes { id } } }`,
      `{ ${field.name}(last: 1, orderBy: [{ ${key}: DESC }]) { ${page} edges { cursor node { id } } } }`,
    ]),
  ];
}

function leavesOf(type: GraphQLObjectType): string {
  return Object.values(type.getFields())
    .filter((field) => isLeafType(getNamedType(field.type)) && field.args.length === 0)
    .map(({ name }) => name)
    .join(" ");
}

function selectionOf(field: GraphQLField<unknown, unknown> | undefined, depth: number): string {
  if (field === undefined || field.args.length > 0) return "";
  const type = getNamedType(field.type);
  if (isLeafType(type)) return field.name;
  if (!isObjectType(type) || depth === 0) return "";
  const inner = Object.values(type.getFields()).map((one) => selectionOf(one, depth - 1));
  return inner.join("") === "" ? "" : `${field.name} { ${inner.join(" ")} }`;
}

function chunks<T>(list: readonly T[], size: number): readonly (readonly T[])[] {
  return list.length === 0 ? [] : [list.slice(0, size), ...chunks(list.slice(size), size)];
}
