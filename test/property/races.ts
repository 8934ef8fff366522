/**
 * In charge of the new-enemy race (threats, finding 1): somebody whose right is ended waits for a row, and the row's next
 * value is written after his right was gone. Whoever ends the right goes through the gateway's session; the writer doesn't.
 */
import type pg from "pg";
import type { Caller } from "../../src/caller.js";
import type { Sessions, Statement } from "../../src/database/session.js";

/** Where races are run: the gateway's sessions, the owner's connections, and who takes part. */
export interface RaceTrack {
  readonly owner: pg.Pool;
  readonly sessions: Sessions;
  /** Who owns the row and ends the right. */
  readonly host: Caller;
  /** Whose right is ended. */
  readonly guest: Caller;
  /** Asks the gateway as one of them; without it both speak SQL. The guest only updates. */
  readonly ask?: (who: "host" | "guest", query: string) => Promise<string>;
}

/** Kinds of right: how it is given (by the owner's connection), how it is ended (by the host). */
export const rights = ["a share", "a share of his group", "a grant"] as const;
/** Statements that wait for a locked row and answer with its next value. */
export const waits = ["update", "select for update", "select for share"] as const;

/** One race. */
export interface Race {
  readonly right: (typeof rights)[number];
  readonly wait: (typeof waits)[number];
}

/** How it went: whether the guest was answered with what was written after his right had ended, or still did something. */
export interface RaceResult {
  readonly leaked: boolean;
  /** Whether the end of the right had to wait for the guest. */
  readonly waited: boolean;
}

interface Prepared {
  readonly row: string;
  readonly end: End;
}

/** How a right is ended, in SQL and in GraphQL. */
interface End extends Statement {
  readonly mutation: string;
}

/** Runs one race. */
export async function runRace(track: RaceTrack, race: Race): Promise<RaceResult> {
  const { row, end } = await prepare(track, race);
  const writer = await track.owner.connect();
  try {
    await writer.query("begin");
    await writer.query("update public.todos set title = 'draft' where id = $1", [row]);
    const guest = readWaiting(track, race, row);
    await untilSomebodyWaits(track.owner);
    const ended = runAsHost(track, end).then(() => true as const);
    const isEnded = await untilEndedOrHeldUp(track.owner, ended);
    if (isEnded) await writer.query("update public.todos set title = 'secret' where id = $1", [row]);
    await writer.query("commit");
    const answer = await guest;
    await ended;
    const { rows } = await track.owner.query<{ done: boolean }>("select done from public.todos where id = $1", [row]);
    const isDone = isEnded && rows[0]?.done === true;
    return { leaked: isDone || answer.includes("secret"), waited: !isEnded };
  } finally {
    writer.release();
  }
}

async function prepare({ owner }: RaceTrack, { right }: Race): Promise<Prepared> {
  const { rows } = await owner.query<{ id: string; tenant: string; root: string; guest: string }>(`
    insert into public.todos (tenant_id, owner_id, scope_id, title)
    select t.id, a.id, s.id, 'plain'
    from iam.tenants t
    join iam.users a on a.email = 'alice@acme.test'
    join iam.scopes s on s.tenant_id = t.id and s.parent_id is null
    where t.slug = 'acme'
    returning id, tenant_id as tenant, scope_id as root, (select id from iam.users where email = 'bob@acme.test') as guest`);
  const [row] = rows;
  if (row === undefined) throw new RangeError("The demo world is missing.");
  return { row: row.id, end: await ways[right](owner, row) };
}

type Placed = { readonly id: string; readonly tenant: string; readonly root: string; readonly guest: string };

const ways: Record<Race["right"], (owner: pg.Pool, row: Placed) => Promise<End>> = {
  "a share": async (owner, { id, tenant, guest }) => {
    await owner.query(
      "insert into public.todo_shares (tenant_id, todo_id, user_id, can_write) values ($1, $2, $3, true)",
      [tenant, id, guest],
    );
    return {
      sql: "delete from public.todo_shares where todo_id = $1",
      parameters: [id],
      mutation: `unshareTodo(input: { todo: "Todo:${id}", user: "User:${guest}" }) { __typename }`,
    };
  },
  "a share of his group": async (owner, { id, tenant, guest }) => {
    const { rows } = await owner.query<{ id: string }>(
      "insert into iam.groups (tenant_id, name, owner_id) select $1, gen_random_uuid()::text, id from iam.users where email = 'alice@acme.test' returning id",
      [tenant],
    );
    const group = rows[0]?.id;
    await owner.query("insert into iam.group_members (tenant_id, group_id, user_id) values ($1, $2, $3)", [
      tenant,
      group,
      guest,
    ]);
    await owner.query(
      "insert into public.todo_shares (tenant_id, todo_id, group_id, can_write) values ($1, $2, $3, true)",
      [tenant, id, group],
    );
    return {
      sql: "select iam.remove_group_member($1, $2)",
      parameters: [`Group:${group}`, `User:${guest}`],
      mutation: `removeGroupMember(input: { group: "Group:${group}", user: "User:${guest}" }) { __typename }`,
    };
  },
  "a grant": async (owner, { tenant, root, guest }) => {
    const { rows } = await owner.query<{ id: string }>(
      "insert into iam.grants (tenant_id, user_id, feature_id, scope_id) select $1, $2, id, $3 from iam.features where code = 'todos' returning id",
      [tenant, guest, root],
    );
    return {
      sql: "select iam.revoke($1)",
      parameters: [`Grant:${rows[0]?.id}`],
      mutation: `revokeGrant(input: { id: "Grant:${rows[0]?.id}" }) { revoked }`,
    };
  },
};

const questions: Record<Race["wait"], string> = {
  update: "update public.todos set done = true where id = $1 returning title",
  "select for update": "select title from public.todos where id = $1 for update",
  "select for share": "select title from public.todos where id = $1 for share",
};

async function readWaiting({ sessions, guest, ask }: RaceTrack, { wait }: Race, row: string): Promise<string> {
  if (ask) return ask("guest", `mutation { updateTodo(input: { id: "Todo:${row}", done: true }) { todo { title } } }`);
  const session = sessions.open(guest, {
    mode: "write",
    isSingleStatement: false,
    changesAuthority: false,
    requestId: "race",
  });
  try {
    const rows = await session.run<{ title: string }>({ sql: questions[wait], parameters: [row] });
    await session.commit();
    return rows.map(({ title }) => title).join();
  } catch {
    await session.rollback();
    return "";
  }
}

async function runAsHost({ sessions, host, ask }: RaceTrack, end: End): Promise<void> {
  if (ask) {
    const answer = await ask("host", `mutation { ${end.mutation} }`);
    if (answer.includes('"errors"')) throw new RangeError(`The right was not ended: ${answer}`);
    return;
  }
  const session = sessions.open(host, {
    mode: "write",
    isSingleStatement: false,
    changesAuthority: true,
    requestId: "race",
  });
  await session.run({ sql: end.sql, parameters: end.parameters });
  await session.commit();
}

async function untilSomebodyWaits(owner: pg.Pool): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    const { rowCount } = await owner.query(
      "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
    );
    if (rowCount) return;
    await delay(5);
  }
}

// However slow the machine is: the right has ended, or its end waits for the guest's lock.
async function untilEndedOrHeldUp(owner: pg.Pool, ended: Promise<true>): Promise<boolean> {
  for (let tries = 0; tries < 2_000; tries += 1) {
    if (await Promise.race([ended, delay(5).then(() => false)])) return true;
    const { rowCount } = await owner.query(
      "select from pg_stat_activity where datname = current_database() and wait_event = 'advisory'",
    );
    if (rowCount) return false;
  }
  throw new RangeError("The right neither ends nor waits.");
}

function delay(millis: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, millis));
}
