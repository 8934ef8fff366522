/** In charge of the fingerprint of an authority: it is another one exactly when the caller may do something else than before. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { arrangeKey } from "../support/api-keys.js";
import { arranger } from "../support/arrange.js";
import { useCallers } from "../support/callers.js";

const { as, keyed, database } = useCallers();
const arrange = arranger(database);

const run = (sql: string, ...values: unknown[]) => database.owner.query(sql, values);

const everything = `
  select p.feature, p.scope from (
    select f.code as feature, s.type || '/' || s.key as scope
    from iam.features f, iam.scopes s
    where s.tenant_id = (select id from iam.tenants where slug = 'acme') or s.tenant_id is null
  ) p order by 1, 2`;

interface Seen {
  readonly fingerprint: string;
  readonly held: string;
}

/** What jane's session tells of itself, and everything that it may by asking for each. */
async function look(): Promise<Seen> {
  const { rows } = await run(everything);
  const [features, scopes] = [rows.map((row) => row.feature), rows.map((row) => row.scope)];
  const [seen] = await as("jane@acme.test", { tenant: "acme" }).read<{ fingerprint: string; held: boolean[] }>(
    "select a.fingerprint, iam.can_all($1, $2) as held from iam.caller_authority() a",
    features,
    scopes,
  );
  const held = rows.filter((_, at) => seen?.held[at]).map(({ feature, scope }) => `${feature} at ${scope}`);
  return { fingerprint: seen?.fingerprint ?? "", held: held.join() };
}

const grantRow = (to: string, gives: string, effect: string) => `
  insert into iam.grants (tenant_id, ${to.split(" ")[0]}, ${gives.split(" ")[0]}, scope_id, effect)
  select s.tenant_id, (${to.slice(to.indexOf(" "))}), (${gives.slice(gives.indexOf(" "))}), s.id, '${effect}'
  from iam.scopes s where s.type || '/' || s.key = $1 and (s.tenant_id is null or s.tenant_id = (select id from iam.tenants where slug = 'acme'))`;
const jane = "user_id select id from iam.users where email = 'jane@acme.test'";
const office = "group_id select id from iam.groups where name = 'Chicago Office'";
const todos = "feature_id select id from iam.features where code = 'todos'";
const reading = "feature_id select id from iam.features where code = 'todos.read'";
const sales = "role_id select id from iam.roles where code = 'sales_manager'";

const scope = fc.constantFrom("tenant/acme", "campus/chicago", "campus/miami", "store/42");
const step = fc.oneof(
  fc.record({ sql: fc.constantFrom(grantRow(jane, todos, "allow"), grantRow(jane, reading, "allow")), at: scope }),
  fc.record({ sql: fc.constantFrom(grantRow(jane, todos, "deny"), grantRow(jane, reading, "deny")), at: scope }),
  fc.record({ sql: fc.constantFrom(grantRow(office, reading, "allow"), grantRow(jane, sales, "allow")), at: scope }),
  fc.record({
    sql: fc.constant(
      "delete from iam.grants where id = (select g.id from iam.grants g join iam.scopes s on s.id = g.scope_id where s.type || '/' || s.key = $1 order by g.created_at desc, g.id limit 1)",
    ),
    at: scope,
  }),
);

describe("the fingerprint of an authority", () => {
  it("changes with what the caller may, and with nothing else", { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 6, maxLength: 6 }), async (steps) => {
        const seen = [await look()];
        for (const { sql, at } of steps) {
          await run(sql, at);
          seen.push(await look());
        }
        for (const one of seen)
          for (const other of seen) expect(one.fingerprint === other.fingerprint).toBe(one.held === other.held);
      }),
      { numRuns: 25 },
    );
  });

  it("changes with what whoever acts, and the key, may", async () => {
    const helper = "helper@acme.test";
    await arrange.user(helper);
    await arrange.grant({ user: helper, feature: "iam.impersonate", scope: "tenant/acme" });
    const given = [["todos.read", "tenant/acme"]] as const;
    const key = keyed((await arrangeKey(database, { user: "bob@acme.test", given })).text);
    for (const asked of [as(helper, { tenant: "acme", actAs: "bob@acme.test" }), key]) {
      const ask = () => asked.value("select fingerprint from iam.caller_authority()");
      const before = await ask();
      expect(await ask()).toBe(before);
      await arrange.grant({ user: helper, feature: "todos", scope: "campus/chicago" });
      await run("update iam.api_key_grants set feature_id = (select id from iam.features where code = 'chats.read')");
      expect(await ask()).not.toBe(before);
      await run("update iam.api_key_grants set feature_id = (select id from iam.features where code = 'todos.read')");
    }
  });

  it("changes with a deny below what is held, and back", async () => {
    const nina = "nina@acme.test";
    await arrange.user(nina);
    const ask = () => as(nina).value("select fingerprint from iam.caller_authority()");
    await arrange.grant({ user: nina, feature: "todos", scope: "campus/chicago" });
    const whole = await ask();
    const id = await arrange.grant({ user: nina, feature: "todos", scope: "store/42", effect: "deny" });
    expect(await ask()).not.toBe(whole);
    await run("delete from iam.grants where id = $1", id);
    expect(await ask()).toBe(whole);
  });

  it("is the same whatever another key of his is given, and whatever begins or ends in another tenant", async () => {
    const noor = "noor@acme.test";
    await arrange.user(noor, ["acme", "globex"]);
    const given = [["todos.read", "tenant/acme"]] as const;
    const key = keyed((await arrangeKey(database, { user: noor, given })).text);
    const ask = (who = key) => who.read("select fingerprint, lasts_millis from iam.caller_authority()");
    const here = as(noor, { tenant: "acme" });
    const before = [await ask(), await ask(here)];
    expect(before[1]).toMatchObject([{ lasts_millis: null }]);
    await arrangeKey(database, { user: noor, given: [["chats.read", "tenant/acme"]] });
    const abroad = { scope: "tenant/globex", tenant: "globex", until: 3_600 };
    await arrange.grant({ ...abroad, user: noor, feature: "todos" });
    await arrange.group({ name: "Abroad", tenant: "globex", members: [noor] });
    await run(
      "update iam.group_members set valid_until = now() + interval '1 hour' where user_id = (select id from iam.users where email = $1)",
      noor,
    );
    expect([await ask(), await ask(here)]).toEqual(before);
  });

  it("differs by caller, and by the tenant that he acts in", async () => {
    const ask = "select fingerprint from iam.caller_authority()";
    const of = async (email: string, tenant: string) => as(email, { tenant }).value(ask);
    const all = [
      await of("ada@portcullis.test", "acme"),
      await of("ada@portcullis.test", "globex"),
      await of("bob@acme.test", "acme"),
      await of("erin@acme.test", "acme"),
    ];
    expect(new Set(all).size).toBe(all.length);
  });
});
