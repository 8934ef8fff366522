/** In charge of ids of another tenant being no ids at all: in every argument, the very answer that an absent one gets. */
import { beforeAll, describe, expect, test } from "vitest";
import { arranger } from "../support/arrange.js";
import { useCallers } from "../support/callers.js";
import { fingerprint } from "../support/fingerprint.js";

const { as, database } = useCallers();
const arrange = arranger(database);

/** For each kind the id and the key of something in globex; what is absent is made of them. */
const foreign: Record<string, readonly string[]> = {};
const absent: Readonly<Record<string, string>> = {
  Group: "Nobody's",
  User: "absent@globex.test",
  Role: "absent",
  Scope: "campus/absent",
  Tenant: "absent",
  Grant: "Grant:0",
  GroupMapping: "GroupMapping:0",
  Identity: "Identity:0",
};

beforeAll(async () => {
  const group = await arrange.group({ name: "Globexers", tenant: "globex", owner: "carol@globex.test" });
  const role = await arrange.role({ code: "globex_role", tenant: "globex" });
  const scope = await arrange.scope("tenant/globex", "campus", "springfield", "globex");
  const one = async (text: string) => (await database.owner.query<{ id: string }>(text)).rows[0]?.id ?? "";
  const carol = await one("select id from iam.users where email = 'carol@globex.test'");
  const grant = await one(
    "select g.id from iam.grants g join iam.tenants t on t.id = g.tenant_id and t.slug = 'globex'",
  );
  const identity = await one("select id from iam.identities where subject = 'carol@globex.test'");
  const tenant = await one("select id from iam.tenants where slug = 'globex'");
  const mapping = await one(
    "insert into iam.group_mappings (tenant_id, group_id, provider_id, external_id) select g.tenant_id, g.id, p.id, 'x' from iam.groups g, iam.providers p where g.name = 'Globexers' returning id",
  );
  Object.assign(foreign, {
    Group: [`Group:${group}`, "Globexers"],
    User: [`User:${carol}`, "carol@globex.test"],
    Role: [`Role:${role}`, "globex_role"],
    Scope: [`Scope:${scope}`, "campus/springfield"],
    Tenant: [`Tenant:${tenant}`, "globex"],
    Grant: [`Grant:${grant}`],
    GroupMapping: [`GroupMapping:${mapping}`],
    Identity: [`Identity:${identity}`],
  });
});

const arguments_: readonly (readonly [kind: string, call: string])[] = [
  ["Group", "update_group($1, 'Mine')"],
  ["Group", "delete_group($1)"],
  ["Group", "enable_group($1)"],
  ["Group", "disable_group($1)"],
  ["Group", "lock_group($1)"],
  ["Group", "unlock_group($1)"],
  ["Group", "set_group_type($1, 'hybrid')"],
  ["Group", "set_group_assignable($1, true)"],
  ["Group", "assign_group_owner($1, 'bob@acme.test')"],
  ["Group", "include_group($1, 'Office')"],
  ["Group", "include_group('Office', $1)"],
  ["Group", "exclude_group($1, 'Office')"],
  ["Group", "exclude_group('Office', $1)"],
  ["Group", "create_group_mapping($1, 'demo', 'x')"],
  ["Group", "add_group_member($1, 'bob@acme.test')"],
  ["Group", "remove_group_member($1, 'bob@acme.test')"],
  ["Group", "grant_role('auditor', 'tenant/acme', null, $1)"],
  ["Group", "grant_feature('todos', 'tenant/acme', null, $1)"],
  ["User", "assign_group_owner('Office', $1)"],
  ["User", "add_group_member('Office', $1)"],
  ["User", "remove_group_member('Office', $1)"],
  ["User", "grant_role('auditor', 'tenant/acme', $1)"],
  ["User", "grant_feature('todos', 'tenant/acme', $1)"],
  ["User", "grant_feature('todos', 'tenant/acme', $1, null, 'deny')"],
  ["User", "assign_tenant_owner($1)"],
  ["User", "remove_tenant_member($1)"],
  ["User", "update_user($1, 'Mine')"],
  ["User", "delete_user($1)"],
  ["User", "enable_user($1)"],
  ["User", "disable_user($1)"],
  ["User", "lock_user($1)"],
  ["User", "unlock_user($1)"],
  ["User", "link_identity($1, 'demo', 'mine')"],
  ["Role", "grant_role($1, 'tenant/acme', 'bob@acme.test')"],
  ["Role", "update_role($1, 'Mine')"],
  ["Role", "delete_role($1)"],
  ["Role", "add_role_features($1, array['todos'])"],
  ["Role", "remove_role_features($1, array['todos'])"],
  ["Role", "include_role($1, 'sales_manager')"],
  ["Role", "include_role('sales_manager', $1)"],
  ["Role", "exclude_role($1, 'sales_manager')"],
  ["Role", "exclude_role('sales_manager', $1)"],
  ["Role", "set_role_assignable($1, false)"],
  ["Scope", "create_scope($1, 'campus', 'new')"],
  ["Scope", "update_scope($1, 'Mine')"],
  ["Scope", "move_scope($1, 'tenant/acme')"],
  ["Scope", "move_scope('store/42', $1)"],
  ["Scope", "delete_scope($1)"],
  ["Scope", "grant_role('auditor', $1, 'bob@acme.test')"],
  ["Scope", "grant_feature('todos', $1, 'bob@acme.test')"],
  ["Tenant", "update_tenant($1, 'Mine')"],
  ["Tenant", "delete_tenant($1)"],
  ["Tenant", "select_tenant($1)"],
  ["Grant", "revoke($1)"],
  ["GroupMapping", "delete_group_mapping($1)"],
  ["Identity", "unlink_identity($1)"],
  ["Identity", "enable_identity($1)"],
  ["Identity", "disable_identity($1)"],
];

async function answer(call: string, reference: string): Promise<unknown> {
  return await as("alice@acme.test")
    .sql(`select iam.${call}`, reference)
    .then(
      () => "allowed",
      (error: {
        readonly message: string;
        readonly extensions: unknown;
        readonly cause: { code: string; message: string; detail: string };
      }) => ({
        message: error.message,
        extensions: error.extensions,
        said: [error.cause.code, error.cause.message, error.cause.detail],
      }),
    );
}

describe("an id or a key of another tenant", () => {
  test.each(arguments_)("denies a foreign %s as it denies an absent one: %s", async (kind, call) => {
    const before = await fingerprint(database);
    const id = await answer(call, `${kind}:ffffffff-0000-4000-8000-00000000ffff`);
    const key = await answer(
      call,
      absent[kind]?.includes(":") ? `${kind}:ffffffff-0000-4000-8000-000000000000` : (absent[kind] ?? ""),
    );
    expect(id).not.toBe("allowed");
    for (const reference of foreign[kind] ?? [])
      expect(await answer(call, reference)).toEqual(reference.includes(":") ? id : key);
    expect(await fingerprint(database)).toBe(before);
  });

  test.each(["Office ", "office", "OFFICE", " Office", "Ofﬁce", "Office\u200b", "Office\u0000"])(
    "denies a key that is not byte for byte the same: %j",
    async (key) => {
      expect(await as("alice@acme.test").outcome("select iam.add_group_member($1, 'erin@acme.test')", key)).toMatch(
        /52171|22021/,
      );
    },
  );

  test.each([
    "Group:",
    "Group:1",
    "User:60000000-0000-4000-8000-000000000001",
    "Group:60000000-0000-4000-8000-00000000000A",
    "Group:60000000-0000-4000-8000-000000000001 ",
    "Group:60000000000040008000000000000001",
  ])("rejects %j, which is not the id of a group", async (id) => {
    expect(await as("alice@acme.test").outcome("select iam.add_group_member($1, 'erin@acme.test')", id)).toBe("PT400");
  });
});
