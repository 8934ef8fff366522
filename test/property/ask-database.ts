/**
 * In charge of asking PostgreSQL, as the runtime role and through the gateway's own session, everything that one caller
 * may do in a stored world. Writes are really tried, inside savepoints, and undone.
 */
import type { Caller } from "../../src/caller.js";
import type { OpenedSession, Sessions, Statement } from "../../src/database/session.js";
import { GatewayError } from "../../src/errors.js";
import type { Credential } from "./oracle.js";
import type { StoredWorld } from "./store-world.js";

/** What the database answered one caller; ids are the database's. */
export interface Answers {
  /** `feature at place`, for each that he holds. */
  readonly can: ReadonlySet<string>;
  /** By feature: the scopes with it. */
  readonly scopesWith: ReadonlyMap<string, readonly string[]>;
  readonly keysWith: ReadonlyMap<string, readonly string[]>;
  readonly everywhere: ReadonlySet<string>;
  /** By table: the ids of the rows seen, changed, deleted. */
  readonly seen: ReadonlyMap<string, readonly string[]>;
  readonly updated: ReadonlyMap<string, readonly string[]>;
  readonly deleted: ReadonlyMap<string, readonly string[]>;
  /** By table: how many rows a statement that reads none of them touches, so that only the command's own policy rules. */
  readonly blindlyUpdated: ReadonlyMap<string, number>;
  readonly blindlyDeleted: ReadonlyMap<string, number>;
  /** `table scope` where a new row could be put. */
  readonly created: ReadonlySet<string>;
  /** `row user` and `row group` where a new share could be made. */
  readonly shared: ReadonlySet<string>;
  /** Statements that nobody may run, and that ran. */
  readonly escaped: readonly string[];
}

/** The places that are asked about, whoever asks. */
export function placesOf(stored: StoredWorld): readonly string[] {
  const places = stored.world.scopes.map((scope) => stored.place(scope).join("/"));
  return [...new Set([...places, "global/all", "campus/unknown"])];
}

/** The features that are asked about: the world's and one that nobody made. */
export function featuresOf(stored: StoredWorld): readonly string[] {
  return [...stored.world.features, "x.unknown"];
}

const updatable = { "public.todos": "done = not done", "public.chats": "message = message || '!'" };
const shares = { "public.todo_shares": "can_write = not can_write", "public.chat_shares": "can_write = not can_write" };

/** Asks everything, or answers the number of the reason why no session opened. */
export async function askDatabase(sessions: Sessions, stored: StoredWorld, who: Credential): Promise<Answers | number> {
  const session = sessions.open(callerOf(stored, who), {
    mode: "write",
    isSingleStatement: false,
    changesAuthority: true,
    requestId: "proof",
  });
  try {
    await session.identity();
    return await ask(session, stored, who);
  } catch (error) {
    if (session.refusal !== null && error instanceof GatewayError && error.extensions.reason !== undefined)
      return Number(error.extensions.reason);
    throw error;
  } finally {
    await session.rollback();
  }
}

/** The gateway's caller for a credential. */
export function callerOf(stored: StoredWorld, { user, tenant }: Credential): Caller {
  const slug = tenant === null ? null : stored.slug(tenant);
  if (user === null) return { kind: "anonymous", tenant: slug };
  const [issuer, subject] = [stored.issuerOf(user), stored.id(user)];
  return { kind: "token", issuer, subject, tenant: slug, actAs: null, expiresAt: 4_102_444_800 };
}

async function ask(session: OpenedSession, stored: StoredWorld, who: Credential): Promise<Answers> {
  const places = placesOf(stored);
  const features = featuresOf(stored);
  const isAnonymous = who.user === null;
  const [held, ways, seen] = await Promise.all([
    session.run<{ feature: number; place: number }>(whereHeld(stored, features, places)),
    session.run<{ n: number; scopes: string[]; keys: string[]; everywhere: boolean }>(waysToHold(stored, features)),
    isAnonymous ? new Map() : seeAll(session),
  ]);
  const nameOf = (n: number) => features[n - 1] ?? "";
  return {
    can: new Set(held.map((row) => `${nameOf(row.feature)} at ${places[row.place - 1]}`)),
    scopesWith: new Map(ways.map((row) => [nameOf(row.n), row.scopes])),
    keysWith: new Map(ways.map((row) => [nameOf(row.n), row.keys])),
    everywhere: new Set(ways.filter((row) => row.everywhere).map((row) => nameOf(row.n))),
    seen,
    ...(isAnonymous ? nothing : await tryWrites(session, stored)),
  };
}

const nothing = {
  updated: new Map<string, readonly string[]>(),
  deleted: new Map<string, readonly string[]>(),
  blindlyUpdated: new Map<string, number>(),
  blindlyDeleted: new Map<string, number>(),
  created: new Set<string>(),
  shared: new Set<string>(),
  escaped: [],
};

function whereHeld(stored: StoredWorld, features: readonly string[], places: readonly string[]): Statement {
  return {
    sql: `select f.n::int as feature, s.n::int as place
      from unnest($1::text[]) with ordinality f (code, n)
      cross join unnest($2::text[]) with ordinality s (place, n)
      where iam.can(f.code, s.place)`,
    parameters: [features.map(stored.featureCode), places],
  };
}

function waysToHold(stored: StoredWorld, features: readonly string[]): Statement {
  return {
    sql: `select f.n::int as n,
        array_to_json(array(select iam.scopes_with(f.code))) as scopes,
        array_to_json(array(select iam.scope_keys_with(f.code, 'campus'))) as keys,
        iam.holds_everywhere(f.code) as everywhere
      from unnest($1::text[]) with ordinality f (code, n)`,
    parameters: [features.map(stored.featureCode)],
  };
}

async function seeAll(session: OpenedSession): Promise<ReadonlyMap<string, readonly string[]>> {
  const tables = [...Object.keys(updatable), ...Object.keys(shares), "public.sales", "iam.groups"];
  return idsByTable(
    session,
    tables.map((table) => [table, `select id from ${table}`]),
  );
}

async function idsByTable(
  session: OpenedSession,
  statements: ReadonlyArray<readonly [string, string]>,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const answers = statements.map(async ([table, sql]) => {
    const rows = await session.run<{ id: string }>({ sql, parameters: [] });
    return [table, rows.map((row) => row.id)] as const;
  });
  return new Map(await Promise.all(answers));
}

async function tryWrites(session: OpenedSession, stored: StoredWorld) {
  const tables = Object.entries({ ...updatable, ...shares });
  const updates = tables.map(([table, change]) => [table, `update ${table} set ${change} returning id`] as const);
  const deletes = tables.map(([table]) => [table, `delete from ${table} returning id`] as const).toReversed();
  const blind = Object.entries(updatable);
  return {
    updated: await undone(session, () => idsByTable(session, updates)),
    deleted: await undone(session, () => idsByTable(session, deletes)),
    blindlyUpdated: await undone(session, () =>
      counts(
        session,
        blind.map(([t]) => [t, blindUpdate(t)]),
      ),
    ),
    blindlyDeleted: await undone(session, () =>
      counts(
        session,
        blind.map(([t]) => [t, `delete from ${t}`]),
      ),
    ),
    created: new Set(await undone(session, () => tried(session, insertions(stored)))),
    shared: new Set(await undone(session, () => tried(session, newShares(stored)))),
    escaped: await undone(session, () => tried(session, forbidden)),
  };
}

const blindUpdate = (table: string) =>
  `update ${table} set ${table === "public.todos" ? "done = true" : "message = 'x'"}`;

async function counts(session: OpenedSession, statements: ReadonlyArray<readonly [string, string]>) {
  const answers = statements.map(
    async ([table, sql]) => [table, await session.execute({ sql, parameters: [] })] as const,
  );
  return new Map(await Promise.all(answers));
}

class Undo extends Error {}

async function undone<T>(session: OpenedSession, work: () => Promise<T>): Promise<T> {
  let answer: { readonly value: T } | undefined;
  const end = await session
    .savepoint(async () => {
      answer = { value: await work() };
      throw new Undo();
    })
    .catch((error: unknown) => error);
  if (answer === undefined || !(end instanceof Undo)) throw end;
  return answer.value;
}

type Attempt = readonly [label: string, sql: string];

// One statement that tries each in a savepoint of its own and says which were let through; ids are ours, hence safe to write in.
async function tried(session: OpenedSession, attempts: readonly Attempt[]): Promise<readonly string[]> {
  if (attempts.length === 0) return [];
  const blocks = attempts.map(
    ([, sql], n) => `begin ${sql}; done := done || '${n} ';
      exception when insufficient_privilege or foreign_key_violation then null; when unique_violation then done := done || '${n} '; end;`,
  );
  const sql = `do $tried$ declare done text := ''; begin ${blocks.join("\n")} perform set_config('proof.done', done, true); end $tried$`;
  const [, rows] = await Promise.all([
    session.execute({ sql, parameters: [] }),
    session.run<{ done: string }>({ sql: "select current_setting('proof.done') as done", parameters: [] }),
  ]);
  const done = (rows[0]?.done ?? "").split(" ").filter((n) => n !== "");
  return done.map((n) => attempts[Number(n)]?.[0] ?? "");
}

function insertions(stored: StoredWorld): readonly Attempt[] {
  const scopes = [...stored.world.scopes.map((scope) => stored.id(scope.id)), stored.id("global")];
  return scopes.flatMap((scope) => [
    [`todos ${scope}`, `insert into public.todos (title, scope_id) values ('new', '${scope}')`] as const,
    [`chats ${scope}`, `insert into public.chats (message, scope_id) values ('new', '${scope}')`] as const,
  ]);
}

function newShares(stored: StoredWorld): readonly Attempt[] {
  const { world, id } = stored;
  return world.rows.flatMap((row, n) => {
    const [table, column] = row.resource === "todos" ? ["todo_shares", "todo_id"] : ["chat_shares", "chat_id"];
    const user = world.users[n % world.users.length];
    const group = world.groups[n % Math.max(1, world.groups.length)];
    const attempt = (kind: string, name: string): Attempt => [
      `${row.id} ${name}`,
      `insert into public.${table} (${column}, ${kind}) values ('${id(row.id)}', '${id(name)}')`,
    ];
    return [...(user ? [attempt("user_id", user.id)] : []), ...(group ? [attempt("group_id", group.id)] : [])];
  });
}

// What a runtime role must be stopped at whoever the caller is, because WITH CHECK can't see the old row.
const forbidden: readonly Attempt[] = [
  ...["todos", "chats"].flatMap((table) =>
    ["id", "tenant_id", "owner_id", "scope_id", "created_at", "updated_at"].map(
      (column) => `update public.${table} set ${column} = ${column}`,
    ),
  ),
  ...["id", "tenant_id", "owner_id"].flatMap((column) =>
    ["todos (title,", "chats (message,"].map(
      (t) => `insert into public.${t} ${column}) values ('stolen', gen_random_uuid())`,
    ),
  ),
  ...["todo", "chat"].flatMap((one) =>
    ["id", "tenant_id", `${one}_id`, "group_id", "user_id"].map(
      (column) => `update public.${one}_shares set ${column} = ${column}`,
    ),
  ),
  "insert into public.sales (campus, amount) values ('k0', 1)",
  "update public.sales set amount = 0",
  "delete from public.sales",
  "truncate public.todos",
  "insert into iam.grants (scope_id) select id from iam.scopes",
  "update iam.users set is_locked = false",
  "delete from iam.grants",
  "delete from iam.audit_events",
  "perform from iam.open_session()",
  "perform from iam.scope_closure",
  "perform iam.record(50001, '', '', null, null)",
].map((sql) => [sql, sql] as const);
