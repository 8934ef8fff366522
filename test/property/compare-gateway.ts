/** In charge of holding the oracle against GraphQL over HTTP: each caller's rows, lists, notes, features and mutations. */
import type { Answer } from "../support/gateway.js";
import { featuresOf, placesOf, reasonOf } from "./ask-database.js";
import type { Gateway } from "./ask-gateway.js";
import { credentialsOf, labelOf } from "./compare.js";
import { Notes, type Verdict } from "./notes.js";
import * as oracle from "./oracle.js";
import type { StoredWorld } from "./store-world.js";
import { globalScope, type Row } from "./world.js";

interface Comparison {
  readonly gateway: Gateway;
  readonly stored: StoredWorld;
  readonly who: oracle.Credential;
  readonly caller: oracle.Caller;
  readonly label: string;
  readonly notes: Notes;
  readonly stride: number;
}

/**
 * Asks oracle and gateway, one caller after the other; mutations are rolled back by a last field that fails. What the
 * oracle denies takes a request each: one in `stride` of them is sent.
 */
export async function compareWithGateway(gateway: Gateway, stored: StoredWorld, stride = 1): Promise<Verdict> {
  const notes = new Notes("GraphQL");
  for (const who of credentialsOf(stored)) {
    const caller = oracle.open(stored.world, who);
    const label = labelOf(who);
    if (who.user === null) continue;
    if (typeof caller === "number") await compareRefusal({ gateway, stored, who, caller, label, notes, stride });
    else if (who.tenant !== null || caller.tenant === null) {
      const comparison = { gateway, stored, who, caller, label, notes, stride };
      await compareReads(comparison);
      await compareFeatures(comparison);
      await compareMutations(comparison);
    }
  }
  return notes;
}

async function compareRefusal({
  gateway,
  stored,
  who,
  caller,
  label,
  notes,
}: Omit<Comparison, "caller"> & { readonly caller: number }) {
  const answer = await gateway.ask(stored, who, "{ todos { totalCount } }");
  notes.same(`${label}: refused`, caller, reasonOf(answer.body.errors?.[0]?.extensions ?? {}));
}

const typeOf = { todos: "Todo", chats: "Chat" } as const;
const globalIdOf = ({ id }: StoredWorld, row: Row) => `${typeOf[row.resource]}:${id(row.id)}`;
const lists =
  "todos(first: 100) { totalCount nodes { id } } chats(first: 100) { totalCount nodes { id } } sales(first: 100) { totalCount nodes { id } } groups(first: 100) { totalCount nodes { id } }";

async function compareReads({ gateway, stored, who, caller, label, notes }: Comparison): Promise<void> {
  const { world } = stored;
  const one = (row: Row, n: number) =>
    row.resource === "todos"
      ? `r${n}: todo(id: "${globalIdOf(stored, row)}") { title internalNote }`
      : `r${n}: chat(id: "${globalIdOf(stored, row)}") { message }`;
  const { body } = await gateway.ask(stored, who, `{ ${world.rows.map(one).join(" ")} ${lists} }`);
  if (!body.data) {
    notes.same(`${label}: one request for every row`, "data", body.errors);
    return;
  }
  const can = (command: oracle.Command) => (row: Row) => oracle.can(world, caller, command, row);
  world.rows.forEach((row, n) => {
    const found = body.data[`r${n}`];
    notes.same(`${label}: ${row.id} by id`, can("read")(row), found !== null);
    if (row.resource !== "todos" || found === null) return;
    const told = found.internalNote === `note of ${row.id}`;
    const mayAudit = oracle.mayAudit(world, caller, row);
    notes.same(`${label}: internal note of ${row.id}`, mayAudit, told);
    const isRefused = errorsOf(body).some(
      ({ path, extensions }) => path?.[0] === `r${n}` && extensions?.code === "FORBIDDEN",
    );
    notes.same(`${label}: internal note of ${row.id} refused`, !mayAudit, isRefused);
  });
  const expected = {
    todos: world.rows
      .filter((row) => row.resource === "todos")
      .filter(can("read"))
      .map((row) => `Todo:${stored.id(row.id)}`),
    chats: world.rows
      .filter((row) => row.resource === "chats")
      .filter(can("read"))
      .map((row) => `Chat:${stored.id(row.id)}`),
    sales: world.sales
      .filter((sale) => oracle.seesSale(world, caller, sale))
      .map((sale) => `Sale:${stored.id(sale.id)}`),
    groups: oracle.visibleGroups(world, caller).map((group) => `Group:${stored.id(group.id)}`),
  };
  for (const [list, ids] of Object.entries(expected)) {
    const found = body.data[list];
    notes.sameSet(
      `${label}: list of ${list}`,
      ids,
      found.nodes.map((node: { id: string }) => node.id),
      world.rows.length,
    );
    notes.same(`${label}: count of ${list}`, ids.length, found.totalCount);
  }
}

async function compareFeatures({ gateway, stored, who, caller, label, notes }: Comparison): Promise<void> {
  const { world } = stored;
  const places = placesOf(stored);
  const checks = featuresOf(stored).map((feature, n) => ({
    feature,
    place: places[n % places.length] ?? "global/all",
  }));
  const fields = checks.map(
    ({ feature, place }, n) => `c${n}: can(feature: "${stored.featureCode(feature)}", scope: "${place}")`,
  );
  const { body } = await gateway.ask(stored, who, `{ ${fields.join(" ")} }`);
  checks.forEach(({ feature, place }, n) => {
    const near = [...world.scopes.filter((scope) => scope.tenant === caller.tenant), globalScope];
    const scope = near.find((candidate) => stored.place(candidate).join("/") === place);
    const expected = scope !== undefined && oracle.holds(world, caller, feature, scope);
    notes.same(`${label}: can ${feature} at ${place}`, expected, body.data?.[`c${n}`]);
  });
}

interface Mutation {
  readonly label: string;
  readonly expected: boolean;
  readonly field: string;
}

async function compareMutations(comparison: Comparison): Promise<void> {
  const { stored, caller } = comparison;
  const { world } = stored;
  if (caller.tenant === null) return;
  const idOf = (row: Row) => globalIdOf(stored, row);
  const text = { todos: "title", chats: "message" } as const;
  const rows = world.rows.map((row) => ({ row, name: typeOf[row.resource], id: idOf(row) }));
  const updates = rows.map(({ row, name, id }) => ({
    label: `update of ${row.id}`,
    expected: oracle.can(world, caller, "update", row),
    field: `update${name}(input: { id: "${id}", ${text[row.resource]}: "changed" }) { __typename }`,
  }));
  const deletes = rows.map(({ row, name, id }) => ({
    label: `deletion of ${row.id}`,
    expected: oracle.can(world, caller, "delete", row),
    field: `delete${name}(input: { id: "${id}" }) { id }`,
  }));
  const audits = rows
    .filter(({ row }) => row.resource === "todos")
    .map(({ row, id }) => ({
      label: `note written on ${row.id}`,
      expected: oracle.can(world, caller, "update", row) && oracle.mayAudit(world, caller, row),
      field: `updateTodo(input: { id: "${id}", internalNote: "changed" }) { __typename }`,
    }));
  const creations = world.scopes.map((scope) => ({
    label: `creation at ${scope.id}`,
    // the answer is the new row: a key, and whoever acts as somebody, must be able to read it
    expected: oracle.mayCreateAt(world, caller, "todos", scope) && oracle.mayReadNew(world, caller, "todos", scope),
    field: `createTodo(input: { title: "new", scope: "Scope:${stored.id(scope.id)}" }) { __typename }`,
  }));
  for (const mutations of [updates, deletes, audits, creations]) await compareCommand(comparison, mutations);
}

// The first refusal ends an operation: what is allowed goes out together, what is denied one by one.
async function compareCommand(comparison: Comparison, mutations: readonly Mutation[]): Promise<void> {
  const denied = mutations.filter((mutation) => !mutation.expected);
  const turn = comparison.notes.decisions;
  await compareTogether(
    comparison,
    mutations.filter((mutation) => mutation.expected),
  );
  for (const mutation of denied.filter((_, n) => (n + turn) % comparison.stride === 0))
    await compareTogether(comparison, [mutation]);
}

async function compareTogether({ gateway, stored, who, label, notes }: Comparison, mutations: readonly Mutation[]) {
  if (mutations.length === 0) return;
  const fields = mutations.map(({ field }, n) => `m${n}: ${field}`).join(" ");
  const undo = `undo: deleteTodo(input: { id: "Todo:00000000-0000-4000-8000-000000000000" }) { id }`;
  const { body } = await gateway.ask(stored, who, `mutation { ${fields} ${undo} }`);
  const [path, code] = firstError(body);
  const isDenied = ["FORBIDDEN", "NOT_FOUND"].includes(code ?? "");
  const last = mutations.length === 1 && path === "m0" && isDenied;
  if (path === "undo" || last) {
    for (const mutation of mutations) notes.same(`${label}: ${mutation.label}`, mutation.expected, path === "undo");
  } else notes.same(`${label}: ${mutations.map((mutation) => mutation.label).join(", ")}`, "all", body);
}

interface FoundError {
  readonly path?: readonly string[];
  readonly extensions?: { readonly code?: string };
}

function errorsOf(body: Answer["body"]): readonly FoundError[] {
  return body.errors ?? [];
}

function firstError(body: Answer["body"]): readonly [path: string | undefined, code: string | undefined] {
  const [error] = errorsOf(body);
  return [error?.path?.[0], error?.extensions?.code];
}
