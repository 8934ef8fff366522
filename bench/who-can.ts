/**
 * In charge of measuring what a page of people costs in a tenant of 10,000: everybody in one group, groups in groups, and
 * 10,000 grants of roles to users beside it. Each question goes over HTTP to the gateway, one at a time, as somebody who
 * holds iam.explain and sees everybody. Run: `npx tsx bench/who-can.ts [people] [repetitions]`
 */
import pg from "pg";
import { startDemoWorld } from "./demo-gateway.js";
import { withoutDisk } from "./server.js";

const people = Number(process.argv[2] ?? 10_000);
const repetitions = Number(process.argv[3] ?? 30);
const targetMillis = 50;
const todo = "70d00000-0000-4000-8000-000000000001";

const demo = await startDemoWorld(withoutDisk);

const owner = new pg.Client({ connectionString: demo.adminUrl });
await owner.connect();
const places = "iam.tenants t join iam.scopes s on s.tenant_id = t.id and s.parent_id is null";
for (const step of [
  "insert into iam.features (code, parent_id) select unnest('{orders,refunds}'::text[]), id from iam.features where code = '*'",
  `insert into iam.users (email, created_at) select 'p' || n || '@acme.test', now() - n * interval '1 minute' from generate_series(1, ${people}) n`,
  "insert into iam.tenant_members (tenant_id, user_id) select t.id, u.id from iam.tenants t, iam.users u where t.slug = 'acme' and u.email ~ '^p\\d'",
  "insert into iam.groups (tenant_id, name) select t.id, 'nested ' || n from iam.tenants t, generate_series(0, 5) n where t.slug = 'acme'",
  `insert into iam.group_includes (tenant_id, group_id, included_group_id)
     select a.tenant_id, a.id, b.id from iam.groups a join iam.groups b on b.name = 'nested ' || (right(a.name, 1)::int + 1) where a.name ~ '^nested'`,
  "insert into iam.group_members (tenant_id, group_id, user_id) select g.tenant_id, g.id, u.id from iam.groups g, iam.users u where g.name = 'nested 5' and u.email ~ '^p\\d'",
  // orders: to everybody, through six groups; refunds: to every user by a role of his own grant
  `insert into iam.grants (tenant_id, group_id, feature_id, scope_id)
     select g.tenant_id, g.id, f.id, s.id from ${places} join iam.groups g on g.tenant_id = t.id and g.name = 'nested 0', iam.features f where f.code = 'orders'`,
  "insert into iam.roles (tenant_id, code, name) select id, 'refunder', 'Refunder' from iam.tenants where slug = 'acme'",
  "insert into iam.role_features (role_id, feature_id, tenant_id) select r.id, f.id, r.tenant_id from iam.roles r, iam.features f where r.code = 'refunder' and f.code = 'refunds'",
  `insert into iam.grants (tenant_id, user_id, role_id, scope_id)
     select t.id, u.id, r.id, s.id from ${places}, iam.users u, iam.roles r where t.slug = 'acme' and u.email ~ '^p\\d' and r.code = 'refunder'`,
  `insert into public.todo_shares (tenant_id, todo_id, group_id, can_read) select g.tenant_id, '${todo}', g.id, true from iam.groups g where g.name = 'nested 0'`,
  "analyze",
])
  await owner.query(step);
await owner.end();

const gatewayUrl = await demo.serve();
const token = await demo.tokenFor("erin@acme.test");

interface Page {
  readonly edges: readonly unknown[];
  readonly pageInfo: { readonly endCursor: string };
}

async function ask(field: string): Promise<Page> {
  const via = field.startsWith("users") ? "" : "via { kind label }";
  const query = `{ page: ${field} { edges { node { email } ${via} } pageInfo { hasNextPage endCursor } } }`;
  const response = await fetch(new URL("/graphql", gatewayUrl), {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
    body: JSON.stringify({ query }),
  });
  const { data, errors } = (await response.json()) as { data?: { page: Page }; errors?: unknown };
  if (data?.page === undefined) throw new TypeError(JSON.stringify(errors));
  return data.page;
}

const farIn = (await ask(`whoCan(feature: "orders", scope: "store/42", first: 100)`)).pageInfo.endCursor;
const questions: Readonly<Record<string, string>> = {
  "for comparison: a plain page of all people": "users(first: 50)",
  "whoCan: everybody through six groups, 50": `whoCan(feature: "orders", scope: "store/42", first: 50)`,
  "whoCan: the page behind the first hundred": `whoCan(feature: "orders", scope: "store/42", first: 50, after: "${farIn}")`,
  "whoCan: the last page": `whoCan(feature: "orders", scope: "store/42", last: 50)`,
  "whoCan: everybody by a grant of his own": `whoCan(feature: "refunds", scope: "store/42", first: 50)`,
  "whoCan: two people of all": `whoCan(feature: "view_sales_page", scope: "store/42", first: 50)`,
  "whoCanAccess: a todo shared with everybody": `whoCanAccess(id: "Todo:${todo}", command: READ, first: 50)`,
};
console.log(`${people} people; best / median in ms of ${repetitions}; a page has to be had in ${targetMillis}`);
for (const [name, question] of Object.entries(questions)) {
  const took: number[] = [];
  let rows = 0;
  for (let n = 0; n < repetitions + 3; n++) {
    const started = performance.now();
    rows = (await ask(question)).edges.length;
    took.push(performance.now() - started);
  }
  const sorted = took.slice(3).sort((a, b) => a - b);
  const [best, median] = [sorted[0], sorted[Math.floor(sorted.length / 2)]].map((ms) => (ms ?? 0).toFixed(1));
  console.log(`${name.padEnd(46)}${`${rows} rows`.padStart(9)}${`${best} / ${median}`.padStart(16)}`);
}
await demo.stop();
