/**
 * Identity bleed: requests of different callers over few connections, while backends are killed, statements fail and time
 * out, and clients go away. Whatever answer arrives is the caller's own.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Caller } from "../../src/caller.js";
import { createPool, type Pool } from "../../src/database/pool.js";
import { createSessions, type OpenedSession, type Sessions } from "../../src/database/session.js";
import { useTestDatabase } from "../support/database.js";
import { demoCaller } from "./demo-callers.js";
import { createRandom } from "./random.js";

const requests = Number(process.env.PORTCULLIS_BLEED ?? 2_000);
const workers = 24;
const people = ["alice@acme.test", "bob@acme.test", "jane@acme.test", "erin@acme.test", "carol@globex.test"] as const;

const database = useTestDatabase();
const pools: Pool[] = [];
let openers: readonly Sessions[] = [];
/** By e-mail: the caller, his user id, and the todos that are his to see. */
let cast: ReadonlyMap<string, { readonly caller: Caller; readonly userId: string; readonly todos: string }>;

beforeAll(async () => {
  for (const prepare of [true, false])
    pools.push(createPool({ url: database.url, size: 3, acquireTimeoutMillis: 5_000, prepare }));
  openers = pools.map((pool) => createSessions(pool, { statementTimeoutMillis: 200 }));
  cast = new Map(await Promise.all(people.map(async (email) => [email, await introduce(email)] as const)));
});
afterAll(async () => {
  await Promise.all(pools.map((pool) => pool.close()));
});

async function introduce(email: string) {
  const { rows } = await database.owner.query<{ id: string; todos: string }>(visibleByHand, [email]);
  const [row] = rows;
  if (row === undefined) throw new RangeError(`${email} is missing in the demo world.`);
  return { caller: demoCaller(email), userId: row.id, todos: row.todos };
}

// What each of the cast sees in the demo world, told apart by hand: alice and erin all of acme's, bob and jane their own and
// the one shared with the office, carol globex's.
const visibleByHand = `
  select u.id, coalesce(string_agg(t.id::text, ' ' order by t.id), '') as todos
  from iam.users u
  join iam.tenant_members m on m.user_id = u.id
  left join public.todos t
    on t.tenant_id = m.tenant_id
    and (u.email in ('alice@acme.test', 'erin@acme.test', 'carol@globex.test') or t.owner_id = u.id or t.title = 'Buy milk for the office')
  where u.email = $1
  group by u.id`;

const todosOf =
  "select coalesce(string_agg(id::text, ' ' order by id), '') as todos, current_setting('app.user_id') as me from public.todos";

interface Tally {
  answered: number;
  failed: number;
  foreign: string[];
}

type Work = (session: OpenedSession) => Promise<readonly Answer[]>;
interface Answer {
  readonly todos?: string;
  readonly me: string;
}

const ask = (session: OpenedSession, sql: string) =>
  session.run<{ todos?: string; me: string }>({ sql, parameters: [] });
const kinds: readonly Work[] = [
  (session) => ask(session, todosOf),
  (session) => ask(session, todosOf),
  async (session) => (await Promise.all([ask(session, todosOf), ask(session, todosOf)])).flat(),
  (session) => ask(session, "select current_setting('app.user_id') as me from pg_sleep(0.3)"),
  (session) => ask(session, "select current_setting('app.user_id') as me, 1 / (select 0)"),
  async (session) => {
    // an error in the middle: what stands behind it must not be answered with somebody else's rows
    const late = Promise.allSettled([
      ask(session, todosOf),
      ask(session, "select 1 / (select 0)"),
      ask(session, todosOf),
    ]);
    return (await late).flatMap((one) => (one.status === "fulfilled" ? one.value : []));
  },
];

async function request(n: number, random: () => number, tally: Tally): Promise<void> {
  const email = people[n % people.length] ?? people[0];
  const person = cast.get(email);
  const sessions = openers[n % openers.length];
  if (person === undefined || sessions === undefined) throw new RangeError("Nobody asks.");
  const isWrite = random() < 0.4;
  const session = sessions.open(person.caller, {
    mode: isWrite ? "write" : "read",
    isSingleStatement: !isWrite && random() < 0.5,
    changesAuthority: false,
    requestId: `bleed ${n}`,
  });
  const work = kinds[Math.floor(random() * kinds.length)] ?? kinds[0];
  const goesAway = random() < 0.1;
  try {
    const answering = work?.(session) ?? Promise.resolve([]);
    // whoever goes away doesn't wait for the answer
    answering.catch(() => undefined);
    if (goesAway) await session.rollback();
    for (const answer of await answering) judge(person, answer, tally);
    tally.answered += 1;
    await (isWrite && random() < 0.5 ? session.commit() : session.rollback());
  } catch {
    tally.failed += 1;
    await session.rollback();
  }
}

function judge(person: { readonly userId: string; readonly todos: string }, answer: Answer, tally: Tally): void {
  const isOwn = answer.me === person.userId && (answer.todos === undefined || answer.todos === person.todos);
  if (!isOwn) tally.foreign.push(`${person.userId} was answered ${JSON.stringify(answer)}`);
}

async function killSomebody(random: () => number): Promise<void> {
  await database.owner.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'authenticator' and datname = current_database() order by pid offset $1 limit 1",
    [Math.floor(random() * 6)],
  );
}

describe("requests of different callers over few connections", () => {
  it(`leaks no row and no identity (${requests} requests)`, { timeout: requests * 60 + 30_000 }, async () => {
    const random = createRandom(20_261_121);
    const tally: Tally = { answered: 0, failed: 0, foreign: [] };
    const killer = setInterval(() => void killSomebody(random).catch(() => undefined), 100);
    let next = 0;
    const work = async () => {
      while (next < requests) await request(next++, random, tally);
    };
    await Promise.all(Array.from({ length: workers }, work));
    clearInterval(killer);
    expect(tally.foreign).toEqual([]);
    expect(tally.answered).toBeGreaterThan(requests / 4);
    expect(tally.failed).toBeGreaterThan(requests / 20);
    await leavesNothingBehind();
  });
});

async function leavesNothingBehind(): Promise<void> {
  const { rows } = await database.owner.query<{ state: string }>(
    "select state from pg_stat_activity where usename = 'authenticator' and datname = current_database() and state like 'idle in transaction%'",
  );
  expect(rows).toEqual([]);
  for (const pool of pools) {
    const left = await pool.query<{ me: string | null }>({
      sql: "select nullif(current_setting('app.user_id', true), '') as me",
      parameters: [],
    });
    expect(left).toEqual([{ me: null }]);
  }
}
