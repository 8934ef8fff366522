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
  /** The questions answered with yes. */
  readonly can: ReadonlySet<Question>;
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
  /** The labels of the new shares that could be made, and of the changes of shares. */
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
const unseen = {
  "public.todos": "update public.todos set done = true",
  "public.chats": "update public.chats set message = 'x'",
};
const shares = ["public.todo_shares", "public.chat_shares"];

/** A feature at a place, as the caller asks `iam.can`. */
export interface Question {
  readonly feature: string;
  readonly place: string;
}

/** Opens a session and does `work` in it, undone after; or answers the number of the reason why none opened. */
export async function inSession<T>(
  sessions: Sessions,
  caller: Caller,
  work: (session: OpenedSession) => Promise<T>,
): Promise<T | number> {
  const options = { mode: "write", isSingleStatement: false, changesAuthority: true, requestId: "proof" } as const;
  const session = sessions.open(caller, options);
  try {
    return await work(session);
  } catch (error) {
    if (error instanceof GatewayError && session.refusal !== null) return reasonOf(session.refusal.extensions);
    throw error;
  } finally {
    await session.rollback();
  }
}

/** The number of a refusal; 401 where there was no credential that counts. */
export function reasonOf(refusal: Readonly<Record<string, unknown>>): number {
  return refusal["reason"] === "BAD_API_KEY" ? 401 : Number(refusal["reason"]);
}

/** Asks everything, or answers the number of the reason why no session opened. */
export function askDatabase(
  sessions: Sessions,
  stored: StoredWorld,
  { who, questions }: { readonly who: Credential; readonly questions: readonly Question[] },
): Promise<Answers | number> {
  return inSession(sessions, callerOf(stored, who), async (session) => {
    await session.identity();
    return ask(session, stored, { isAnonymous: who.user === null, questions });
  });
}

/** Asks only whom a session would be opened for, or answers the number of the reason why none opened. */
export function askIdentity(sessions: Sessions, stored: StoredWorld, who: Credential): Promise<unknown> {
  return inSession(sessions, callerOf(stored, who), async (session) => {
    const { userId, tenantId, actorId } = await session.identity();
    return [userId, tenantId, actorId];
  });
}

/** The gateway's caller for a credential. */
export function callerOf(stored: StoredWorld, { user, tenant, apiKey, actAs }: Credential): Caller {
  const slug = tenant === null ? null : stored.slug(tenant);
  if (apiKey !== undefined) {
    const { publicId, secretHash } = stored.keyOf(apiKey);
    return { kind: "apiKey", publicId, secretHash, tenant: slug };
  }
  if (user === null) return { kind: "anonymous", tenant: slug };
  const [issuer, subject] = [stored.issuerOf(user), stored.id(user)];
  return {
    kind: "token",
    issuer,
    subject,
    tenant: slug,
    actAs: actAs === undefined ? null : `User:${stored.id(actAs)}`,
    expiresAt: 4_102_444_800,
  };
}

async function ask(
  session: OpenedSession,
  stored: StoredWorld,
  { isAnonymous, questions }: { readonly isAnonymous: boolean; readonly questions: readonly Question[] },
): Promise<Answers> {
  const features = featuresOf(stored);
  const [held, ways, seen] = await Promise.all([
    session.run<{ n: number }>(whatIsHeld(stored, questions)),
    session.run<{ n: number; scopes: string[]; keys: string[]; everywhere: boolean }>(waysToHold(stored, features)),
    isAnonymous ? new Map() : seeAll(session),
  ]);
  const nameOf = (n: number) => features[n - 1] ?? "";
  return {
    can: new Set(held.flatMap((row) => questions[row.n - 1] ?? [])),
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

function whatIsHeld(stored: StoredWorld, questions: readonly Question[]): Statement {
  return {
    sql: `select q.n::int as n
      from unnest($1::text[], $2::text[]) with ordinality q (feature, place, n)
      where iam.can(q.feature, q.place)`,
    parameters: [questions.map((q) => stored.featureCode(q.feature)), questions.map((q) => q.place)],
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
  const tables = [...Object.keys(updatable), ...shares, "public.sales", "iam.groups"];
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
  const tables = [...Object.keys(updatable), ...shares];
  const updates = Object.entries(updatable).map(
    ([table, change]) => [table, `update ${table} set ${change} returning id`] as const,
  );
  const deletes = tables.map((table) => [table, `delete from ${table} returning id`] as const);
  const blind = Object.entries(unseen);
  return {
    updated: await each(session, updates, idsOf),
    deleted: await each(session, deletes, idsOf),
    blindlyUpdated: await each(session, blind, countOf),
    blindlyDeleted: await each(
      session,
      blind.map(([table]) => [table, `delete from ${table}`] as const),
      countOf,
    ),
    created: new Set(await undone(session, () => tried(session, insertions(stored)))),
    shared: new Set(await undone(session, () => tried(session, [...newShares(stored), ...changedShares(stored)]))),
    escaped: await undone(session, () => tried(session, forbidden)),
  };
}

type Labelled = readonly [label: string, sql: string];

/** Runs a statement and reads the ids that it answers with. */
export const idsOf = async (session: OpenedSession, sql: string) =>
  (await session.run<{ id: string }>({ sql, parameters: [] })).map((row) => row.id);
const countOf = (session: OpenedSession, sql: string) => session.execute({ sql, parameters: [] });

/** Runs each statement by itself, undone: who deletes the share that he sees a row by sees it no more. */
export async function each<T>(
  session: OpenedSession,
  statements: readonly Labelled[],
  run: (session: OpenedSession, sql: string) => Promise<T>,
): Promise<ReadonlyMap<string, T>> {
  const answers = new Map<string, T>();
  for (const [label, sql] of statements)
    answers.set(label, await telling(label, () => undone(session, () => run(session, sql))));
  return answers;
}

/** Does `work`; where it fails, the error says who or what was asked. */
export async function telling<T>(asked: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const isUnderneath = error instanceof GatewayError && error.cause instanceof Error;
    throw new RangeError(`${asked}: ${(isUnderneath ? error.cause : error) as Error}`, { cause: error });
  }
}

class Undo extends Error {}

/** Does `work`, undoes it, and answers what it answered. */
export async function undone<T>(session: OpenedSession, work: () => Promise<T>): Promise<T> {
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

/** A statement that is tried again and again, each time with other values for `try.<name>`. */
export interface Attempts {
  readonly sql: string;
  readonly each: ReadonlyArray<{ readonly label: string } & Readonly<Record<string, string | boolean | null>>>;
  /** Whether it has to touch a row to count as let through. */
  readonly mustTouch?: true;
}

/** One statement that tries each by itself, undoes it, and says which were let through. The values are ours, hence safe to write in. */
export async function tried(session: OpenedSession, attempts: readonly Attempts[]): Promise<readonly string[]> {
  const body = `declare try record; done text[] := '{}';
    begin ${attempts.map(loopOver).join("\n")} perform set_config('proof.done', to_json(done)::text, true); end`;
  const [, rows] = await Promise.all([
    session.execute({ sql: `do $tried$ ${body} $tried$`, parameters: [] }),
    session.run<{ done: string[] }>({ sql: "select current_setting('proof.done')::json as done", parameters: [] }),
  ]);
  return rows[0]?.done ?? [];
}

function loopOver({ sql, each, mustTouch }: Attempts): string {
  const [first] = each;
  if (first === undefined) return "";
  const rows = each.map((attempt) => `(${Object.values(attempt).map(literal).join(", ")})`);
  const letThrough = "raise sqlstate 'DONE0'";
  return `for try in select * from (values ${rows.join(", ")}) v (${Object.keys(first).join(", ")}) loop
    begin ${sql}; ${mustTouch ? `if found then ${letThrough}; end if` : letThrough};
    exception when sqlstate 'DONE0' or unique_violation then done := done || try.label;
      when insufficient_privilege or foreign_key_violation then null; end; end loop;`;
}

function literal(value: string | boolean | null): string {
  if (value === null) return "null::uuid";
  if (typeof value === "boolean") return String(value);
  return /^[0-9a-f-]{36}$/.test(value) ? `'${value}'::uuid` : `'${value.replaceAll("'", "''")}'`;
}

function insertions({ world, id }: StoredWorld): readonly Attempts[] {
  const scopes = [...world.scopes.map((scope) => id(scope.id)), id("global")];
  const at = (resource: string) => scopes.map((place) => ({ label: `${resource} ${place}`, place }));
  return [
    { sql: "insert into public.todos (title, scope_id) values ('new', try.place)", each: at("todos") },
    { sql: "insert into public.chats (message, scope_id) values ('new', try.place)", each: at("chats") },
  ];
}

/** The extents that every new share is tried with. */
export const openings = [
  { canRead: true, canWrite: false, canDelete: false },
  { canRead: false, canWrite: true, canDelete: false },
  { canRead: true, canWrite: false, canDelete: true },
] as const;

/** A share that is tried: of each row with one user and one group. */
export function sharesToTry({ world }: StoredWorld) {
  return world.rows.flatMap((row, n) => {
    const user = world.users[n % world.users.length];
    const group = world.groups[n % Math.max(1, world.groups.length)];
    const opening = openings[n % openings.length] ?? openings[0];
    const to = [...(user ? [{ user: user.id }] : []), ...(group ? [{ group: group.id }] : [])];
    return to.map((receiver) => ({ row, to: receiver, opening, label: `${row.id} to ${Object.values(receiver)[0]}` }));
  });
}

const shareTables = [
  ["todo", "todos"],
  ["chat", "chats"],
] as const;

function newShares(stored: StoredWorld): readonly Attempts[] {
  return shareTables.map(([one, resource]) => ({
    sql: `insert into public.${one}_shares (${one}_id, user_id, group_id, can_read, can_write, can_delete)
      values (try.row_id, try.to_user, try.to_group, try.r, try.w, try.d)`,
    each: sharesToTry(stored)
      .filter(({ row }) => row.resource === resource)
      .map(({ row, to, opening, label }) => ({
        label,
        row_id: stored.id(row.id),
        to_user: "user" in to ? stored.id(to.user) : null,
        to_group: "group" in to ? stored.id(to.group) : null,
        r: opening.canRead,
        w: opening.canWrite,
        d: opening.canDelete,
      })),
  }));
}

/** The columns of a share that are turned round, each by itself. */
export const turned = ["canRead", "canWrite", "canDelete"] as const;

function changedShares({ world, id }: StoredWorld): readonly Attempts[] {
  return shareTables.map(([one, resource]) => ({
    sql: `update public.${one}_shares
      set can_read = can_read <> try.r, can_write = can_write <> try.w, can_delete = can_delete <> try.d
      where id = try.share`,
    mustTouch: true,
    each: world.rows
      .filter((row) => row.resource === resource)
      .flatMap((row) => row.shares)
      .flatMap((share) =>
        turned.map((column) => ({
          label: `${share.id} ${column}`,
          share: id(share.id),
          r: column === "canRead",
          w: column === "canWrite",
          d: column === "canDelete",
        })),
      ),
  }));
}

// What a runtime role must be stopped at whoever the caller is, because WITH CHECK can't see the old row.
const forbidden: readonly Attempts[] = [
  ...["todos", "chats"].flatMap((table) =>
    ["id", "tenant_id", "owner_id", "scope_id", "created_at", "updated_at"].map(
      (column) => `update public.${table} set ${column} = ${column}`,
    ),
  ),
  // with the very values that the defaults would take
  ...Object.entries({
    id: "gen_random_uuid()",
    tenant_id: "iam.caller_tenant_id()",
    owner_id: "iam.caller_id()",
  }).flatMap(([column, value]) =>
    ["todos (title,", "chats (message,"].map(
      (table) => `insert into public.${table} ${column}) values ('own', ${value})`,
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
].map((sql) => ({ sql, each: [{ label: sql }] }));
