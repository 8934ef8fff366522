/**
 * In charge of measuring how soon subscribers hear of a change: 300 of them at one gateway, over sockets, woken by one
 * commit that changes what each may do, or nothing for him; as one user's many windows, and as 300 users. Beside it, what
 * a look at one's own authority costs somebody with 1,000 grants at 1,000 scopes.
 * Run: `npx tsx bench/live.ts [subscribers] [rounds]`
 */
import { type ClientRequest, request } from "node:http";
import pg from "pg";
import { startDemoWorld } from "./demo-gateway.js";
import { withoutDisk } from "./server.js";

const subscribers = Number(process.argv[2] ?? 300);
const rounds = Number(process.argv[3] ?? 5);
const quietMillis = 1_000;

const demo = await startDemoWorld(withoutDisk);

const owner = new pg.Client({ connectionString: demo.adminUrl });
await owner.connect();
const acme = "(select id from iam.tenants where slug = 'acme')";
const root = `(select id from iam.scopes where tenant_id = ${acme} and parent_id is null)`;
for (const step of [
  `insert into iam.users (email) select 'p' || n || '@acme.test' from generate_series(0, ${subscribers}) n`,
  `insert into iam.tenant_members (tenant_id, user_id) select ${acme}, u.id from iam.users u where u.email ~ '^p\\d'`,
  "insert into iam.identities (user_id, provider_id, subject) select u.id, p.id, u.email from iam.users u, iam.providers p where p.code = 'demo' and u.email ~ '^p\\d'",
  `insert into iam.groups (tenant_id, name) values (${acme}, 'everybody'), (${acme}, 'nobody')`,
  `insert into iam.group_members (tenant_id, group_id, user_id) select g.tenant_id, g.id, u.id from iam.groups g, iam.users u where g.name = 'everybody' and u.email ~ '^p[1-9]'`,
  // somebody with a role of ten features at a thousand shops
  `insert into iam.scopes (tenant_id, type, key, name, parent_id) select ${acme}, 'region', 'r' || n, 'Region', ${root} from generate_series(1, 50) n`,
  "insert into iam.scopes (tenant_id, type, key, name, parent_id) select s.tenant_id, 'shop', s.key || '-' || n, 'Shop', s.id from iam.scopes s, generate_series(1, 20) n where s.type = 'region'",
  `insert into iam.roles (tenant_id, code, name) values (${acme}, 'clerk', 'Clerk')`,
  "insert into iam.role_features (role_id, feature_id, tenant_id) select r.id, f.id, r.tenant_id from iam.roles r, (select id from iam.features where parent_id is not null order by code limit 10) f where r.code = 'clerk'",
  "insert into iam.grants (tenant_id, user_id, role_id, scope_id) select s.tenant_id, u.id, r.id, s.id from iam.scopes s, iam.users u, iam.roles r where s.type = 'shop' and u.email = 'p0@acme.test' and r.code = 'clerk'",
  "analyze",
])
  await owner.query(step);

const gatewayUrl = await demo.serve({ SUBSCRIPTION_LIMIT_PER_CALLER: String(subscribers) });

/** Somebody who listens: told of each event's moment. */
interface Listener {
  readonly request: ClientRequest;
  heardAt: number | null;
}

async function listen(email: string): Promise<Listener> {
  const token = await demo.tokenFor(email);
  const query = "subscription { permissionsChanged { features { feature scope } } }";
  return new Promise((resolve, reject) => {
    const sent = request(new URL("/graphql/stream", gatewayUrl), {
      method: "POST",
      agent: false,
      headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
    });
    const listener: Listener = { request: sent, heardAt: null };
    sent.once("error", reject).once("response", (response) => {
      if (response.statusCode !== 200)
        reject(new TypeError(`A subscription was answered with ${response.statusCode}.`));
      response.setEncoding("utf8").on("data", (text: string) => {
        if (!text.includes("event: next")) return;
        listener.heardAt = performance.now();
        resolve(listener);
      });
    });
    sent.end(JSON.stringify({ query }));
  });
}

async function hear(listeners: readonly Listener[], statement: string): Promise<readonly number[]> {
  for (const listener of listeners) listener.heardAt = null;
  await owner.query(statement);
  const committed = performance.now();
  while (listeners.some(({ heardAt }) => heardAt === null)) await pause(5);
  return listeners.map(({ heardAt }) => Math.max(0, (heardAt ?? 0) - committed));
}

const give = (group: string) =>
  `insert into iam.grants (tenant_id, group_id, feature_id, scope_id)
   select g.tenant_id, g.id, f.id, ${root} from iam.groups g, iam.features f where g.name = '${group}' and f.code = 'todos.read'`;
const take =
  "delete from iam.grants g using iam.groups e where e.id = g.group_id and e.name in ('everybody', 'nobody')";

console.log(`${subscribers} subscribers, ${rounds} rounds; ms from the commit to the event: first, median, last`);
for (const [name, who] of [
  ["one user", () => "p1@acme.test"],
  ["a user each", (n: number) => `p${n + 1}@acme.test`],
] as const) {
  const listeners: Listener[] = [];
  for (let n = 0; n < subscribers; n++) listeners.push(await listen(who(n)));
  for (let round = 0; round < rounds; round++) {
    await pause(quietMillis);
    tell(`${name}, changed`, await hear(listeners, round % 2 === 0 ? give("everybody") : take));
  }
  await pause(quietMillis);
  // everybody is woken by the first, and nothing has changed for anybody; then by what changes everything
  await owner.query(give("nobody"));
  tell(`${name}, changed just after nothing was`, await hear(listeners, rounds % 2 === 0 ? give("everybody") : take));
  for (const listener of listeners) listener.request.destroy();
  await pause(quietMillis);
  await owner.query(take);
}

const session = new pg.Client({ connectionString: demo.adminUrl });
await session.connect();
await session.query(
  `select set_config('app.user_id', u.id::text, false), set_config('app.tenant_id', ${acme}::text, false), set_config('plan_cache_mode', 'force_generic_plan', false) from iam.users u where u.email = 'p0@acme.test'`,
);
await session.query("set role web_user");
console.log("1,000 grants of ten features at 1,000 scopes; best and median in ms of 15");
for (const question of ["select * from iam.caller_authority()", "select count(*) from iam.features_held()"]) {
  const took: number[] = [];
  for (let n = 0; n < 15; n++) {
    const started = performance.now();
    await session.query({ name: question, text: question });
    took.push(performance.now() - started);
  }
  tell(question, took);
}

await session.end();
await owner.end();
await demo.stop();

function tell(name: string, millis: readonly number[]): void {
  const sorted = millis.toSorted((a, b) => a - b);
  const shown = [sorted[0], sorted[Math.floor(sorted.length / 2)], sorted.at(-1)].map((ms) => (ms ?? 0).toFixed(0));
  console.log(`${name.padEnd(48)}${shown.map((ms) => ms.padStart(8)).join("")}`);
}

function pause(millis: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, millis));
}
