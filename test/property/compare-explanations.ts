/**
 * In charge of holding explanations and lists of people against what then happens: a member with nothing but iam.explain
 * asks about every other, and every other really tries.
 */
import type pg from "pg";
import type { Sessions } from "../../src/database/session.js";
import {
  type Answers,
  askDatabase,
  callerOf,
  featuresOf,
  inSession,
  type Question,
  sharesToTry,
} from "./ask-database.js";
import type { Verdict } from "./notes.js";
import { enabledIssuer, type StoredWorld } from "./store-world.js";

const asker = "asker";
const tables = ["public.todos", "public.chats", "public.sales"];
const attempts = { read: "seen", update: "updated", delete: "deleted" } as const;
type Command = keyof typeof attempts;
const commands = Object.keys(attempts) as Command[];

/** Where worlds are, and how many of the pairs of feature and place are asked about: one in `stride`. */
export interface Explaining {
  readonly owner: pg.Pool;
  readonly sessions: Sessions;
  readonly stride: number;
}

/** How it went, and how often the answer was yes. */
export interface Compared extends Verdict {
  readonly affirmed: number;
}

/** Asks and tries in every tenant that is there. */
export async function compareExplanations(run: Explaining, stored: StoredWorld): Promise<Compared> {
  const disagreements: string[] = [];
  let [decisions, affirmed] = [0, 0];
  for (const tenant of stored.world.tenants.filter(({ isDeleted }) => !isDeleted)) {
    await arrangeAsker(run.owner, stored, tenant.id);
    const tried = await tryAll(run, stored, tenant.id);
    const said = await askAll(run, stored, tenant.id, tried);
    for (const [what, expected, answer] of said) {
      decisions += 1;
      if (expected === true) affirmed += 1;
      if (expected !== answer) disagreements.push(`${tenant.id}: ${what}: tried ${expected}, said ${answer}`);
    }
  }
  return { decisions, affirmed, disagreements };
}

async function arrangeAsker(owner: pg.Pool, stored: StoredWorld, tenant: string): Promise<void> {
  const [person, place] = [stored.id(asker), stored.id(tenant)];
  await owner.query("insert into iam.users (id, email) values ($1, $2) on conflict do nothing", [
    person,
    `${person}@proof.test`,
  ]);
  await owner.query(
    "insert into iam.identities (provider_id, subject, user_id) select id, $1::uuid::text, $1 from iam.providers where issuer = $2 on conflict do nothing",
    [person, enabledIssuer],
  );
  await owner.query("insert into iam.tenant_members (tenant_id, user_id) values ($1, $2)", [place, person]);
  await owner.query(
    `insert into iam.grants (tenant_id, user_id, feature_id, scope_id)
     select $1, $2, f.id, s.id from iam.features f, iam.scopes s
     where f.code = 'iam.explain' and s.tenant_id = $1 and s.parent_id is null`,
    [place, person],
  );
}

interface Tried {
  readonly user: string;
  /** Null when no session opened. */
  readonly answers: Answers | null;
  readonly questions: readonly Question[];
}

// Whose credential alone is bad may come by another: nothing follows for what he holds.
const isOfCredential = (answers: Answers | number) => answers === 52107 || answers === 52110 || answers === 52112;

async function tryAll(
  { sessions, stride }: Explaining,
  stored: StoredWorld,
  tenant: string,
): Promise<readonly Tried[]> {
  const { scopes, memberships } = stored.world;
  const places = scopes.filter((scope) => scope.tenant === tenant).map((scope) => stored.place(scope).join("/"));
  const all = featuresOf(stored).flatMap((feature) => places.map((place) => ({ feature, place })));
  const questions = all.filter((_, n) => n % stride === 0);
  const tried: Tried[] = [];
  for (const { user } of memberships.filter((one) => one.tenant === tenant)) {
    const answers = await askDatabase(sessions, stored, { who: { user, tenant }, questions });
    if (typeof answers !== "number") tried.push({ user, answers, questions });
    else if (!isOfCredential(answers)) tried.push({ user, answers: null, questions });
  }
  return tried;
}

type Said = readonly [what: string, tried: unknown, said: unknown];

function askAll({ sessions }: Explaining, stored: StoredWorld, tenant: string, tried: readonly Tried[]) {
  const caller = callerOf(stored, { user: asker, tenant });
  return inSession(sessions, { ...caller, issuer: enabledIssuer } as typeof caller, async (session) => {
    const ask = async <R extends Record<string, unknown>>(sql: string, ...parameters: readonly unknown[]) =>
      session.run<R>({ sql, parameters: [...parameters] });
    const said: Said[] = [];
    const [{ questions } = { questions: [] }] = tried;
    const people = tried.map(({ user }) => stored.id(user));
    const features = questions.map(({ feature }) => stored.featureCode(feature));
    const places = questions.map(({ place }) => place);

    const explained = await ask<{
      user: string;
      n: number;
      answer: { allowed: boolean; reason: string; chain: unknown[] };
    }>(
      `select u.id as user, q.n::int as n, iam.explain(q.feature, q.place, 'User:' || u.id) as answer
       from unnest($1::uuid[]) u (id), unnest($2::text[], $3::text[]) with ordinality q (feature, place, n)`,
      people,
      features,
      places,
    );
    const able = await ask<{ n: number; users: string[] }>(
      `select q.n::int as n, array_to_json(array(select iam.users_who_can(q.feature, q.place))) as users
       from unnest($1::text[], $2::text[]) with ordinality q (feature, place, n)`,
      features,
      places,
    );
    const isHeld = ({ answers }: Tried, n: number) => {
      const question = questions[n - 1];
      return question !== undefined && answers?.can.has(question) === true;
    };
    const byId = new Map(tried.map((one) => [stored.id(one.user), one]));
    for (const { user, n, answer } of explained) {
      const one = byId.get(user);
      const what = `explain ${one?.user} ${JSON.stringify(questions[n - 1])}`;
      said.push([what, one !== undefined && isHeld(one, n), answer.allowed]);
      said.push([`${what} chain`, answer.allowed, answer.chain.length > 0]);
      said.push([`${what} reason`, answer.allowed, answer.reason === "ALLOWED"]);
    }
    for (const { n, users } of able) {
      for (const one of tried)
        said.push([
          `whoCan ${one.user} ${JSON.stringify(questions[n - 1])}`,
          isHeld(one, n),
          users.includes(stored.id(one.user)),
        ]);
    }

    const rows = tables.flatMap((table) => rowsOf(stored, table, tenant).map((id) => ({ table, id })));
    const isDone = ({ answers }: Tried, table: string, id: string, command: Command) =>
      answers?.[attempts[command]].get(table)?.includes(id) === true;
    for (const command of commands) {
      const answered = await ask<{
        user: string;
        row: string;
        table: string;
        answer: { allowed: boolean; visible: boolean };
      }>(
        `select u.id as user, r.id as row, r.name as table, iam.explain_row(r.name, r.id, $2, 'User:' || u.id) as answer
         from unnest($1::uuid[]) u (id), unnest($3::text[], $4::uuid[]) r (name, id)`,
        people,
        command,
        rows.map(({ table }) => table),
        rows.map(({ id }) => id),
      );
      for (const { user, row, table, answer } of answered) {
        const one = byId.get(user);
        if (one === undefined) continue;
        said.push([
          `explainRow ${command} ${table} ${row} ${one.user}`,
          isDone(one, table, row, command),
          answer.allowed,
        ]);
        said.push([`explainRow visible ${table} ${row} ${one.user}`, isDone(one, table, row, "read"), answer.visible]);
      }
      const lists = await ask<{ row: string; table: string; users: string[] }>(
        `select r.id as row, r.name as table, array_to_json(array(select iam.users_who_can_access(r.name, r.id, $1))) as users
         from unnest($2::text[], $3::uuid[]) r (name, id)`,
        command,
        rows.map(({ table }) => table),
        rows.map(({ id }) => id),
      );
      for (const { row, table, users } of lists)
        for (const one of tried)
          said.push([
            `whoCanAccess ${command} ${table} ${row} ${one.user}`,
            isDone(one, table, row, command),
            users.includes(stored.id(one.user)),
          ]);
      const open = await ask<{ user: string; table: string; rows: string[] }>(
        `select u.id as user, t.name as table, array_to_json(array(select iam.rows_open_to(t.name, $2, 'User:' || u.id))) as rows
         from unnest($1::uuid[]) u (id), unnest($3::text[]) t (name)`,
        people,
        command,
        tables,
      );
      for (const { user, table, rows: listed } of open) {
        const done = byId.get(user)?.answers?.[attempts[command]].get(table) ?? [];
        said.push([
          `whatCan ${command} ${table} ${byId.get(user)?.user}`,
          [...done].sort().join(),
          [...listed].sort().join(),
        ]);
      }
    }
    said.push(...(await compareShares(ask, stored, tenant, tried)));
    return said;
  }).then((said) => {
    if (typeof said === "number") throw new TypeError(`Nobody could ask: ${said}`);
    return said;
  });
}

type Ask = <R extends Record<string, unknown>>(sql: string, ...parameters: readonly unknown[]) => Promise<readonly R[]>;

// A share for reading with a member: whether it is let through is whether its maker may share the row at all.
async function compareShares(
  ask: Ask,
  stored: StoredWorld,
  tenant: string,
  tried: readonly Tried[],
): Promise<readonly Said[]> {
  const { memberships } = stored.world;
  const isMember = (user: string) =>
    memberships.some((one) => one.user === user && one.tenant === tenant && !one.isEnded);
  const plain = sharesToTry(stored).filter(
    ({ row, to, opening }) =>
      row.tenant === tenant && !opening.canWrite && !opening.canDelete && "user" in to && isMember(to.user),
  );
  const answered = await ask<{ user: string; n: number; allowed: boolean }>(
    `select u.id as user, r.n::int as n, (iam.explain_row(r.name, r.id, 'share', 'User:' || u.id) -> 'allowed')::boolean as allowed
     from unnest($1::uuid[]) u (id), unnest($2::text[], $3::uuid[]) with ordinality r (name, id, n)`,
    tried.map(({ user }) => stored.id(user)),
    plain.map(({ row }) => `public.${row.resource}`),
    plain.map(({ row }) => stored.id(row.id)),
  );
  return answered.map(({ user, n, allowed }) => {
    const one = tried.find((other) => stored.id(other.user) === user);
    const label = plain[n - 1]?.label ?? "";
    return [`share ${label} by ${one?.user}`, one?.answers?.shared.has(label) === true, allowed];
  });
}

function rowsOf({ world, id }: StoredWorld, table: string, tenant: string): readonly string[] {
  const rows = table === "public.sales" ? world.sales : world.rows.filter((row) => `public.${row.resource}` === table);
  return rows.filter((row) => row.tenant === tenant).map((row) => id(row.id));
}
