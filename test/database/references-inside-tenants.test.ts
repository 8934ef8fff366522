/** In charge of references that a foreign key can't keep inside a tenant: not even the tables' owner writes one that leads out. */
import { beforeAll, describe, expect, test } from "vitest";
import { arranger } from "../support/arrange.js";
import { useTestDatabase } from "../support/database.js";

const database = useTestDatabase();
const arrange = arranger(database);

beforeAll(async () => {
  for (const tenant of ["acme", "globex"]) {
    await arrange.role({ code: `${tenant}_role`, tenant });
    await arrange.role({ code: `${tenant}_other`, tenant });
  }
});

const tenant = "(select id from iam.tenants where slug = 'acme')";
const role = (code: string) => `(select id from iam.roles where code = '${code}')`;
const root = (slug: string) => `(select id from iam.scopes where type = 'tenant' and key = '${slug}')`;
const user = "(select id from iam.users where email = 'bob@acme.test')";
const feature = "(select id from iam.features where code = 'todos.read')";

/** Rows of acme, each with the reference that may point at what is acme's or everybody's, but for a role's own rows. */
const rows: Readonly<
  Record<
    string,
    { readonly insert: (to: string) => string; readonly inside: readonly string[]; readonly outside: string }
  >
> = {
  "the role of a grant": {
    insert: (to) =>
      `iam.grants (tenant_id, user_id, role_id, scope_id) values (${tenant}, ${user}, ${to}, ${root("acme")})`,
    inside: [role("acme_role"), role("auditor")],
    outside: role("globex_role"),
  },
  "the scope of a grant": {
    insert: (to) =>
      `iam.grants (tenant_id, user_id, feature_id, scope_id) values (${tenant}, ${user}, ${feature}, ${to})`,
    inside: [root("acme")],
    outside: root("globex"),
  },
  "the role of an invitation": {
    insert: (to) => `iam.tokens (tenant_id, purpose, user_id, role_id, scope_id, secret_hash, created_by, expires_at)
      values (${tenant}, 'invitation', ${user}, ${to}, ${root("acme")}, sha256('secret'), ${user}, now() + interval '1 day')`,
    inside: [role("acme_role"), role("auditor")],
    outside: role("globex_role"),
  },
  "the role that a feature is in": {
    insert: (to) => `iam.role_features (tenant_id, role_id, feature_id) values (${tenant}, ${to}, ${feature})`,
    inside: [role("acme_role")],
    outside: role("globex_role"),
  },
  "the role that another is in": {
    insert: (to) =>
      `iam.role_includes (tenant_id, role_id, included_role_id) values (${tenant}, ${to}, ${role("acme_other")})`,
    inside: [role("acme_role")],
    outside: role("globex_role"),
  },
  "the role that is in another": {
    insert: (to) =>
      `iam.role_includes (tenant_id, role_id, included_role_id) values (${tenant}, ${role("acme_other")}, ${to})`,
    inside: [role("acme_role"), role("auditor")],
    outside: role("globex_role"),
  },
};

async function outcome(statement: string): Promise<string> {
  const client = await database.owner.connect();
  try {
    await client.query("begin");
    return await client.query(statement).then(
      () => "allowed",
      (error: { readonly code: string }) => error.code,
    );
  } finally {
    await client.query("rollback");
    client.release();
  }
}

describe("a reference", () => {
  test.each(Object.entries(rows))("denies another tenant's: %s", async (_, { insert, outside }) => {
    expect(await outcome(`insert into ${insert(outside)}`)).toBe("23503");
  });

  test.each(Object.entries(rows))("allows the tenant's own: %s", async (_, { insert, inside }) => {
    for (const to of inside) expect(await outcome(`insert into ${insert(to)}`)).toBe("allowed");
  });

  test("denies to be turned to another tenant's afterwards", async () => {
    await arrange.grant({ user: "bob@acme.test", role: "acme_role", scope: "tenant/acme" });
    const turn = (to: string) => `update iam.grants set role_id = ${to} where role_id = ${role("acme_role")}`;
    expect(await outcome(turn(role("acme_other")))).toBe("allowed");
    expect(await outcome(turn(role("globex_role")))).toBe("23503");
  });
});
