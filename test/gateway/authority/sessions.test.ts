/** Who is not alive changes nothing and reads nothing, whatever he holds: each reason has its number. */
import { beforeAll, expect, it } from "vitest";
import { fingerprint } from "../../support/fingerprint.js";
import { emailOf } from "./mutation-cases.js";
import { useDelegates } from "./prove-cases.js";

const world = useDelegates();

beforeAll(async () => {
  await world.database.owner.query(`
    update iam.users set may_log_in = false where email = 'dora@acme.test';
    update iam.tenant_members set deleted_at = now() where user_id = (select id from iam.users where email = 'leaver@acme.test')`);
});

const reasons: readonly (readonly [number, string, string, string | null])[] = [
  [52103, "somebody unknown", "no.one", null],
  [52105, "a disabled user", "off", null],
  [52106, "a locked user", "shut", null],
  [52108, "somebody of another tenant", "carol@globex.test", "acme"],
  [52108, "a former member", "leaver", "acme"],
  [52108, "a member of a tenant that is none", "bob", "nowhere"],
  [52110, "who comes by a disabled identity", "strong", null],
  [52112, "who is not supposed to log in", "dora", null],
];

it.each(reasons)("denies with %i %s, in a query and in a mutation", async (reason, _whom, who, tenant) => {
  const before = await fingerprint(world.database);
  const headers = tenant === null ? {} : { "x-tenant": tenant };
  for (const operation of [
    "{ viewer { kind } }",
    'mutation { createGroup(input: { name: "Mine" }) { group { id } } }',
  ]) {
    const { status, body } = await world.ask(emailOf(who), operation, undefined, headers);
    expect(status).toBe(403);
    expect(body).toMatchObject({ errors: [{ extensions: { code: "FORBIDDEN", reason } }] });
    expect(body.data ?? null).toBeNull();
  }
  expect(await fingerprint(world.database)).toBe(before);
});

it("denies with 52107 everybody of a disabled provider", async () => {
  await world.database.owner.query("update iam.providers set is_enabled = false where code = 'demo'");
  const { body } = await world.ask(emailOf("alice"), "{ viewer { kind } }");
  expect(body.errors[0].extensions).toMatchObject({ code: "FORBIDDEN", reason: 52107 });
  expect(body.data ?? null).toBeNull();
});
