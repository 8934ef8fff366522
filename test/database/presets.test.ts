/** In charge of the presets: what each of their roles allows and denies to somebody who has it, and that none writes twice. */
import { readdir } from "node:fs/promises";
import { beforeAll, describe, expect, test } from "vitest";
import { applyPreset, presets } from "../../src/database/presets.js";
import { arranger } from "../support/arrange.js";
import { useCallers } from "../support/callers.js";
import { fingerprint } from "../support/fingerprint.js";

const { as, database } = useCallers();
const arrange = arranger(database);
const apply = (name: string, tenant: string | null = null) => applyPreset(database.adminUrl, { name, tenant });
const everywhere = "global/all";

/** What somebody with the role holds there and what he doesn't, and calls that are answered with "allowed" or an SQLSTATE. */
interface RoleCase {
  readonly role: string;
  readonly at?: string;
  readonly holds: readonly string[];
  readonly lacks: readonly string[];
  readonly calls: readonly (readonly [outcome: string, call: string])[];
}

const project = "project/gateway";
const todoOfAlice = "'70d00000-0000-4000-8000-000000000002'";
const fourRoles: readonly RoleCase[] = [
  {
    role: "admin",
    at: project,
    holds: ["*", "analytics.write", "todos.delete", "iam.grants.create"],
    lacks: [],
    calls: [
      ["allowed", "iam.grant_role('viewer', 'project/gateway', 'bob@acme.test')"],
      ["PT404", "iam.grant_role('viewer', 'project/other', 'bob@acme.test')"],
    ],
  },
  {
    role: "developer",
    at: project,
    holds: ["analytics.read", "analytics.write", "traces.read", "traces.write", "todos.update", "chats.delete"],
    lacks: ["*", "iam", "iam.grants.create", "todos.audit", "todos.share"],
    calls: [["52109", "iam.grant_role('viewer', 'project/gateway', 'bob@acme.test')"]],
  },
  {
    role: "viewer",
    at: project,
    holds: ["analytics.read"],
    lacks: ["analytics", "analytics.write", "traces.read", "todos.read"],
    calls: [],
  },
  {
    role: "readonly",
    at: project,
    holds: ["traces.read"],
    lacks: ["traces", "traces.write", "analytics.read", "todos.read"],
    calls: [],
  },
];

const administrators: readonly RoleCase[] = [
  {
    role: "system_admin",
    at: everywhere,
    holds: ["iam.tenants.create", "iam.providers.update", "iam.users.delete", "iam.groups.update", "todos.share"],
    lacks: ["iam", "iam.roles.create", "iam.grants.create", "iam.features.create", "todos.delete"],
    calls: [
      ["allowed", "iam.disable_provider('demo')"],
      ["allowed", "iam.delete_group('Chicago Office')"],
      ["52109", "iam.create_role('helper', 'Helper')"],
      // who creates a tenant makes its owner
      ["52109", "iam.create_tenant('initech', 'Initech')"],
    ],
  },
  {
    role: "tenant_admin",
    holds: ["iam.tenants.update", "iam.tenants.delete", "iam.audit.read"],
    lacks: ["iam.users.read", "iam.groups.update", "todos.read"],
    calls: [
      ["allowed", "iam.update_tenant('acme', 'Acme Inc.')"],
      ["52109", "iam.create_tenant('initech', 'Initech')"],
    ],
  },
  {
    role: "tenant_member",
    holds: ["iam.users.read", "iam.groups.read"],
    lacks: ["iam.users.update", "iam.groups.update", "iam.audit.read"],
    calls: [["52109", "iam.lock_user('bob@acme.test')"]],
  },
  {
    role: "user_manager",
    holds: ["iam.users.create", "iam.users.update", "iam.users.delete", "iam.identities.create", "iam.audit.read"],
    lacks: ["iam.groups.update", "iam.roles.create", "iam.grants.create"],
    calls: [
      ["allowed", "iam.lock_user('bob@acme.test')"],
      ["52109", "iam.create_role('helper', 'Helper')"],
    ],
  },
  {
    role: "group_manager",
    holds: ["iam.groups.create", "iam.groups.update", "iam.groups.delete", "iam.audit.read"],
    lacks: ["iam.users.update", "iam.roles.create"],
    calls: [
      ["allowed", "iam.add_group_member('Chicago Office', 'bob@acme.test')"],
      ["52109", "iam.lock_user('bob@acme.test')"],
    ],
  },
  {
    role: "permission_manager",
    holds: ["iam.roles.create", "iam.grants.create", "iam.features.update", "iam.audit.read"],
    lacks: ["iam.users.update", "iam.groups.update", "todos.read"],
    calls: [
      ["allowed", "iam.create_role('helper', 'Helper')"],
      ["allowed", "iam.grant_feature('iam.roles.read', 'tenant/acme', 'bob@acme.test')"],
      // he hands out what he holds
      ["52109", "iam.grant_feature('todos.read', 'tenant/acme', 'bob@acme.test')"],
      ["52109", "iam.grant_role('tenant_owner', 'tenant/acme', 'bob@acme.test')"],
    ],
  },
  {
    role: "provider_manager",
    at: everywhere,
    holds: ["iam.providers.create", "iam.providers.delete", "iam.audit.read"],
    lacks: ["iam.users.read", "iam.tenants.update"],
    calls: [
      ["allowed", "iam.disable_provider('demo')"],
      ["52109", "iam.update_tenant('acme', 'Acme Inc.')"],
    ],
  },
  {
    role: "resource_manager",
    holds: ["todos.read", "todos.share", "chats.read", "chats.share", "iam.audit.read"],
    lacks: ["todos.update", "todos.delete", "todos.audit", "iam.groups.update"],
    // a group that he doesn't see
    calls: [["52171", "iam.delete_group('Office')"]],
  },
  {
    role: "full_admin",
    holds: ["iam", "iam.roles.create", "iam.grants.create", "iam.tenants.update", "todos.share"],
    lacks: ["*", "todos.update", "todos.audit"],
    calls: [
      ["allowed", "iam.lock_user('bob@acme.test')"],
      ["52109", "iam.grant_feature('todos.audit', 'tenant/acme', 'bob@acme.test')"],
    ],
  },
];

const emailOf = ({ role }: RoleCase) => `${role.replaceAll("_", "-")}@acme.test`;

beforeAll(async () => {
  await arrange.scope("tenant/acme", "project", "gateway");
  await arrange.scope("tenant/acme", "project", "other");
});

describe("presets", () => {
  test("are the files of their folder", async () => {
    const files = await readdir(new URL("../../prisma/seed/presets", import.meta.url));
    expect(files.toSorted()).toEqual(
      Object.keys(presets)
        .map((name) => `${name}.sql`)
        .toSorted(),
    );
  });

  test.each(Object.entries(presets))("%s writes once, and the roles that it names", async (name, { roles }) => {
    const tenant = name === "administrators" ? null : "globex";
    expect(await apply(name, tenant)).toBeGreaterThan(0);
    const before = await fingerprint(database);
    expect(await apply(name, tenant)).toBe(0);
    expect(await fingerprint(database)).toBe(before);
    const { rows } = await database.owner.query(
      `select r.code from iam.roles r left join iam.tenants t on t.id = r.tenant_id
       where t.slug is not distinct from $2 and r.code = any ($1) and exists (select from iam.role_features rf where rf.role_id = r.id)`,
      [roles, tenant],
    );
    expect(rows.map(({ code }) => code).toSorted()).toEqual(roles.toSorted());
  });

  test("rejects a name that is none, and a tenant that is none", async () => {
    await expect(apply("five-roles")).rejects.toThrow('There is no preset "five-roles".');
    await expect(apply("toString")).rejects.toThrow("There is no preset");
    await expect(apply("four-roles", "umbrella")).rejects.toThrow('There is no tenant "umbrella".');
    await expect(apply("sales")).rejects.toThrow("is for one tenant");
  });

  test("rejects system roles whose code a tenant's own role has, and writes nothing", async () => {
    const before = await fingerprint(database);
    await expect(apply("four-roles")).rejects.toThrow("admin of globex");
    expect(await fingerprint(database)).toBe(before);
  });

  test("leaves a role alone that the tenant has changed since", async () => {
    await database.owner.query(
      `delete from iam.role_features where role_id in
         (select r.id from iam.roles r join iam.tenants t on t.id = r.tenant_id where t.slug = 'globex' and r.code = 'viewer')`,
    );
    expect(await apply("four-roles", "globex")).toBe(0);
  });
});

function describeRoles(cases: readonly RoleCase[]): void {
  beforeAll(async () => {
    for (const each of cases) {
      await arrange.user(emailOf(each));
      await arrange.grant({ user: emailOf(each), role: each.role, scope: each.at ?? "tenant/acme" });
    }
  });

  test.each(cases)("$role allows what it gives and denies the rest", async (each) => {
    const asked = [...each.holds, ...each.lacks];
    const rows = await as(emailOf(each), { tenant: "acme" }).read(
      "select feature from unnest($1::text[]) feature where iam.can(feature, $2)",
      asked,
      each.at ?? "tenant/acme",
    );
    expect(rows.map(({ feature }) => feature).toSorted()).toEqual(each.holds.toSorted());
  });

  const calls = cases.flatMap((each) => each.calls.map(([outcome, call]) => ({ each, outcome, call })));
  if (calls.length > 0)
    test.each(calls)("$each.role answers $outcome to $call", async ({ each, outcome, call }) => {
      expect(await as(emailOf(each), { tenant: "acme" }).trial(`select ${call}`)).toBe(outcome);
    });
}

describe("the preset four-roles", () => {
  beforeAll(() => apply("four-roles", "acme"));
  describeRoles(fourRoles);

  test("denies everything beside the project that a role was granted at", async () => {
    for (const each of fourRoles) {
      const held = await as(emailOf(each)).value(
        "select count(*)::int from unnest($1::text[]) feature where iam.can(feature, 'project/other') or iam.can(feature, 'tenant/acme')",
        each.holds,
      );
      expect(held).toBe(0);
    }
  });

  test("allows a feature beside the role, as an assignment's own permissions do", async () => {
    await arrange.grant({ user: "viewer@acme.test", feature: "traces.read", scope: project });
    expect(await as("viewer@acme.test").value("select iam.can('traces.read', $1)", project)).toBe(true);
  });

  test("allows the developer to read and write the rows of his project, and hides the others from him", async () => {
    const developer = as("developer@acme.test");
    await database.owner.query(
      `update public.todos set scope_id = (select id from iam.scopes where type = 'project' and key = 'gateway') where id = ${todoOfAlice}`,
    );
    expect(await developer.read("select title from todos")).toEqual([{ title: "Plan the offsite" }]);
    expect(await developer.sql("update todos set done = true returning title")).toEqual([
      { title: "Plan the offsite" },
    ]);
    expect(await as("viewer@acme.test").read("select title from todos")).toEqual([]);
  });
});

describe("the preset administrators", () => {
  describeRoles(administrators);

  test("allows the resource manager to share what others own, and denies him to edit it", async () => {
    const manager = as("resource-manager@acme.test");
    const share = `insert into todo_shares (todo_id, user_id) select id, iam.caller_id() from todos where id = '70d00000-0000-4000-8000-000000000003'`;
    expect(await manager.trial(share)).toBe("allowed");
    expect(await manager.sql("update todos set done = true returning id")).toEqual([]);
    expect(await as("tenant-member@acme.test").read("select id from todos")).toEqual([]);
  });
});

describe("the preset sales", () => {
  test("writes nothing in acme, whose demo world it is", async () => {
    expect(await apply("sales", "acme")).toBe(0);
  });

  test("allows Jane chicago and denies her miami, and shows her one sale", async () => {
    const [row] = await as("jane@globex.test").read(
      `select iam.can('view_sales_page', 'campus/chicago') as chicago, iam.can('view_sales_page', 'campus/miami') as miami,
              iam.can('approve_payments', 'campus/chicago') as payments, iam.can('approve_payments', 'campus/miami') as elsewhere,
              (select array_agg(amount)::text from sales) as sales`,
    );
    expect(row).toEqual({ chicago: true, miami: false, payments: true, elsewhere: false, sales: "{1000.00}" });
  });
});
