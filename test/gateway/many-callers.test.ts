/** In charge of many callers over few connections: nobody ever reads another's row, and nothing of anybody stays behind. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createPool, type Pool } from "../../src/database/pool.js";
import { useTestDatabase } from "../support/database.js";
import { type AskAs, gatewayOver } from "../support/gateway-over.js";

const database = useTestDatabase();
const poolSize = 5;
let pool: Pool;
let ask: AskAs;

const callers = Array.from({ length: 200 }, (_, index) => {
  const tenant = index % 2 === 0 ? "acme" : "globex";
  return { email: `caller-${index}@${tenant}.test`, tenant, secret: `only for ${index}.` };
});

beforeAll(async () => {
  const [emails, tenants, secrets] = [
    callers.map(({ email }) => email),
    callers.map(({ tenant }) => tenant),
    callers.map(({ secret }) => secret),
  ];
  await database.owner.query(
    `with given as (select * from unnest($1::text[], $2::text[], $3::text[]) as given (email, tenant, secret)),
       people as (insert into iam.users (email) select email from given returning id, email),
       identities as (
         insert into iam.identities (provider_id, subject, user_id)
         select p.id, u.email, u.id from people u, iam.providers p where p.code = 'demo')
     insert into iam.tenant_members (tenant_id, user_id)
     select t.id, u.id from given g join people u using (email) join iam.tenants t on t.slug = g.tenant`,
    [emails, tenants, secrets],
  );
  await database.owner.query(
    `insert into public.todos (tenant_id, owner_id, scope_id, title)
     select t.id, u.id, s.id, g.secret
     from unnest($1::text[], $2::text[], $3::text[]) as g (email, tenant, secret)
     join iam.users u using (email) join iam.tenants t on t.slug = g.tenant
     join iam.scopes s on s.tenant_id = t.id and s.parent_id is null`,
    [emails, tenants, secrets],
  );
  pool = createPool({ url: database.url, size: poolSize, acquireTimeoutMillis: 25_000, prepare: true });
  ask = gatewayOver(pool).ask;
});
afterAll(() => pool?.close());

/** Different ways through the gateway; each names its caller's own things, and nobody else's. */
const questions: readonly string[] = [
  "{ todos(first: 100) { totalCount nodes { title owner { email } } } viewer { user { email } tenant { slug } } }",
  "{ todos(first: 100) { nodes { title owner { email } } } }",
  '{ viewer { user { email } } can(feature: "todos.read", scope: "tenant/acme") users { nodes { email } } }',
  'mutation { createTodo(input: { title: "Mine" }) { todo { owner { email } } } }',
  'mutation { createTodo(input: { title: "Undone" }) { todo { internalNote owner { email } } } }',
  "{ todos(first: 100) { nodes { title internalNote owner { email } } } }",
  '{ todos(filter: { title: { contains: "only for" } }, orderBy: [{ title: ASC }]) { edges { node { title owner { email } } } } }',
];

/** Every connection of the pool at once, and what it answers. */
async function onEveryConnection(sql: string): Promise<readonly unknown[]> {
  const connections = await Promise.all(Array.from({ length: poolSize }, () => pool.acquire()));
  const answers = await Promise.all(connections.map((connection) => connection.send([{ sql, values: [] }])));
  for (const connection of connections) connection.release();
  return answers.map(({ outcomes: [outcome] }) => (outcome?.isOk === true ? outcome.answer.rows[0] : outcome));
}

describe("two hundred callers over five connections", () => {
  it("hide everybody's rows from everybody else, whatever is asked and however it ends", async () => {
    for (let round = 0; round < 2; round++) {
      await Promise.all(
        callers.map(async ({ email, tenant, secret }, index) => {
          const question = questions[(index + round) % questions.length] ?? "";
          const { body } = await ask(email, question);
          const text = JSON.stringify(body);
          const emails = new Set(text.match(/[\w-]+@\w+\.test/g));
          const secrets = new Set(text.match(/only for \d+\./g));
          expect([email, ...emails]).toEqual([email, ...(emails.size > 0 ? [email] : [])]);
          expect([email, ...secrets]).toEqual([email, ...(secrets.size > 0 ? [secret] : [])]);
          if (text.includes('"slug"')) expect(text).toContain(`"slug":"${tenant}"`);
          if (body.data?.todos) expect(text).toContain(secret);
        }),
      );
    }
  });

  it("write each todo in the name and the tenant of who asked, and none of those undone", async () => {
    const { rows } = await database.owner.query(
      `select t.title, count(*)::int as count, bool_and(u.email like '%@' || tenant.slug || '.test') as is_own
       from public.todos t join iam.users u on u.id = t.owner_id join iam.tenants tenant on tenant.id = t.tenant_id
       where t.title in ('Mine', 'Undone') group by t.title`,
    );
    expect(rows).toEqual([{ title: "Mine", count: expect.any(Number), is_own: true }]);
  });

  it("leave no setting and no role on any connection", async () => {
    const names = [
      "issuer",
      "subject",
      "tenant",
      "act_as",
      "request_id",
      "lock",
      "user_id",
      "tenant_id",
      "identity_id",
      "actor_id",
      "api_key_id",
    ];
    const settings = names.map((name) => `coalesce(current_setting('app.${name}', true), '')`).join(" || ");
    const sql = `select ${settings}, current_user, session_user, current_setting('transaction_read_only'), current_setting('statement_timeout')`;
    expect(await onEveryConnection(sql)).toEqual(
      Array.from({ length: poolSize }, () => ["", "authenticator", "authenticator", "off", "0"]),
    );
  });

  it("leave no other setting of ours than those that were looked at", async () => {
    const { rows } = await database.owner.query(
      `select distinct m[1] as name from pg_proc p join pg_namespace n on n.oid = p.pronamespace,
       regexp_matches(p.prosrc, 'set_config\\(''(app\\.\\w+)''', 'g') m where n.nspname = 'iam' order by 1`,
    );
    const checked = rows.map(({ name }: { readonly name: string }) => name);
    const answers = await onEveryConnection(
      `select ${checked.map((name) => `coalesce(current_setting('${name}', true), '')`).join(" || ") || "''"}`,
    );
    expect(answers).toEqual(Array.from({ length: poolSize }, () => [""]));
  });

  it("deny a caller the database itself: a connection outside of a session reads no row", async () => {
    const [answer] = await onEveryConnection("select count(*) from public.todos");
    expect(JSON.stringify(answer)).toMatch(/permission denied|42501|"isOk":false/);
  });
});
