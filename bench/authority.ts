/**
 * In charge of measuring what a decision costs, at a tenth and at full size: 10,000 users, 1,000 groups nested 6 deep, 100
 * roles, 1,000 features, 10,000 scopes 5 deep, 100,000 grants. Each question is asked inside of an open session, by a plain
 * member and by who holds a subtree of every scope; the times are of one connection on this machine.
 * Run: `npx tsx bench/authority.ts [repetitions]`
 */
import pg from "pg";
import { ensureDemoIssuer } from "../src/auth/demo-issuer.js";
import { seedDemoWorld } from "../src/database/demo-world.js";
import { arrangeBigTenant, type Size } from "./big-tenant.js";
import { startServer, withoutDisk } from "./server.js";

const repetitions = Number(process.argv[2] ?? 40);
const full: Size = {
  users: 10_000,
  groups: 1_000,
  roles: 100,
  features: 1_000,
  scopes: 10_000,
  grants: 100_000,
  todos: 20_000,
};
const tenth: Size = {
  users: 1_000,
  groups: 100,
  roles: 10,
  features: 100,
  scopes: 1_000,
  grants: 10_000,
  todos: 2_000,
};

/** One question: what is asked, and how long it may take at full size. */
interface Question {
  readonly name: string;
  /** One for the plain member and one for the holder, where they differ. */
  readonly sql: string | readonly [plain: string, holder: string];
  readonly targetMillis?: number;
  /** Asked in a session that changes authority, and rolled back. */
  readonly isWrite?: true;
  /** Asked as a definer function asks. */
  readonly isDefiner?: true;
}

// A row for each role or feature that he was given: where, and what it gives. Told scope by scope it would be thousands of
// rows that say the same; and who holds everything is one row, whatever stands below.
const authority = `
  with me as materialized (
    select iam.caller_id() as id, iam.caller_tenant_id() as tenant_id,
           array(select iam.groups_of(iam.caller_id(), iam.caller_tenant_id())) as groups
  ), given as materialized (
    select g.role_id, g.feature_id, g.effect, array_agg(distinct g.scope_id) as scopes
    from me
    join iam.grants g
      on (g.user_id = me.id or g.group_id = any (me.groups))
      and (g.tenant_id = me.tenant_id or g.tenant_id is null)
      and iam.is_live(g.valid_from, g.valid_until)
    group by g.role_id, g.feature_id, g.effect
  )
  select given.effect, given.scopes, case when given.role_id is null then array[given.feature_id] else role.features end as features
  from given
  left join lateral (
    select array_agg(distinct rf.feature_id) as features
    from iam.role_closure rc
    join iam.role_features rf on rf.role_id = rc.included_role_id
    where rc.role_id = given.role_id
  ) role on true`;
const addTo = (group: string) => `select iam.add_group_member('${group}', 'bench-target@bench.test')`;

const questions: readonly Question[] = [
  { name: "open_session()", sql: "select * from iam.open_session()" },
  { name: "a decision: can()", sql: "select iam.can('bench.f7.g3', 'place', 's5')", targetMillis: 1 },
  {
    name: "1,000 checks: can_all()",
    sql: `select iam.can_all(
      array(select 'bench.f' || i % 20 from generate_series(1, 1000) i),
      array(select 'place/s' || i % 50 from generate_series(1, 1000) i)
    )`,
    targetMillis: 20,
  },
  { name: "every feature held, anywhere", sql: "select count(*) from iam.features_held()" },
  { name: "every feature held at a scope", sql: "select count(*) from iam.features_held('place/s5')" },
  { name: "holds_everywhere()", sql: "select iam.holds_everywhere('todos.read')", targetMillis: 1 },
  { name: "scopes_with(): count", sql: "select count(*) from iam.scopes_with('bench.f7')" },
  { name: "the whole authority, as given", sql: authority, targetMillis: 5, isDefiner: true },
  { name: "count(*) from todos", sql: "select count(*) from todos" },
  { name: "20 todos, newest first", sql: "select id, title from todos order by created_at desc, id desc limit 20" },
  {
    name: "add a member to a group of 1,000",
    sql: [addTo("bench-own"), addTo("bench-0")],
    isWrite: true,
    targetMillis: 20,
  },
];

const callers = ["bench-plain@bench.test", "bench-holder@bench.test"] as const;

const server = await startServer(withoutDisk);
const issuer = await ensureDemoIssuer(server.folder);

for (const [label, size] of [
  ["a tenth", tenth],
  ["full size", full],
] as const) {
  const { adminUrl } = await server.migrated(`bench_${size.users}`);
  await seedDemoWorld(adminUrl, issuer);
  const owner = new pg.Client({ connectionString: adminUrl });
  await owner.connect();
  await arrangeBigTenant(owner, size);
  console.log(`\n${label}: best / median in ms of ${repetitions}`);
  console.log(`${"".padEnd(40)}${"member".padStart(18)}${"holder".padStart(18)}   target`);
  for (const question of questions) {
    const told: string[] = [];
    for (const caller of callers) told.push((await ask(owner, caller, question)).padStart(18));
    const target = question.targetMillis === undefined ? "" : `   < ${question.targetMillis}`;
    console.log(`${question.name.padEnd(40)}${told.join("")}${target}`);
  }
  for (const caller of callers) console.log(`${caller}: ${JSON.stringify(await authorityOf(owner, caller))}`);
  await owner.end();
}
await server.stop();

async function ask(client: pg.Client, caller: (typeof callers)[number], question: Question): Promise<string> {
  const { sql, name } = question;
  const text = typeof sql === "string" ? sql : sql[callers.indexOf(caller)];
  if (text === undefined) throw new RangeError(`Nothing to ask for ${name}.`);
  const took: number[] = [];
  for (let n = 0; n < repetitions + 6; n++) {
    await openSession(client, caller, question);
    const started = performance.now();
    await client.query({ name: `bench ${name} ${callers.indexOf(caller)}`, text });
    took.push(performance.now() - started);
    await client.query("rollback");
  }
  const sorted = took.slice(6).sort((a, b) => a - b);
  return `${sorted[0]?.toFixed(2)} / ${sorted[Math.floor(sorted.length / 2)]?.toFixed(2)}`;
}

async function openSession(client: pg.Client, caller: string, { sql, isWrite, isDefiner }: Question): Promise<void> {
  await client.query(isWrite ? "begin" : "begin isolation level repeatable read read only");
  await client.query(
    "select set_config('app.issuer', $1, true), set_config('app.subject', $2, true), set_config('app.tenant', 'bench', true), set_config('app.lock', $3, true)",
    [issuer.issuer, caller, isWrite ? "exclusive" : "none"],
  );
  if (typeof sql === "string" && sql.includes("open_session")) {
    await client.query("set local role authenticator");
    return;
  }
  await client.query("select * from iam.open_session()");
  await client.query(`set local role ${isDefiner ? "iam_definer" : "web_user"}`);
}

async function authorityOf(client: pg.Client, caller: string): Promise<unknown> {
  await openSession(client, caller, { name: "authority", sql: authority, isDefiner: true });
  const { rows } = await client.query(
    `select count(*) as given, sum(cardinality(features) * cardinality(scopes)) as "features × scopes" from (${authority}) a`,
  );
  await client.query("rollback");
  return rows[0];
}
