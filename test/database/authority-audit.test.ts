/** In charge of the trail of what was done: one event for each change, in its transaction, by nobody's hand. */
import { beforeAll, describe, expect, test } from "vitest";
import { arranger } from "../support/arrange.js";
import { outcomeOf, useCallers } from "../support/callers.js";

const { as, database } = useCallers();
const arrange = arranger(database);
const ids: Record<string, string> = {};
const fill = (text: string) => text.replace(/\{(\w+)\}/, (_, name: string) => ids[name] ?? "");

interface Event {
  readonly code: number;
  readonly actor: string | null;
  readonly tenant: string | null;
  readonly request: string | null;
  readonly outcome: string;
}

async function moment(): Promise<string> {
  const { rows } = await database.owner.query<{ id: string }>("select clock_timestamp()::text as id");
  return rows[0]?.id ?? "";
}

async function eventsSince(id: string): Promise<readonly Event[]> {
  const { rows } = await database.owner.query<Event>(
    `select e.code, u.email as actor, t.slug as tenant, e.request_id as request, e.outcome
     from iam.audit_events e left join iam.users u on u.id = e.actor_id left join iam.tenants t on t.id = e.tenant_id where e.created_at > $1 order by e.created_at`,
    [id],
  );
  return rows;
}

/** In this order: a later one stands on what an earlier one left. */
const changes: readonly (readonly [code: number, call: string, who?: string])[] = [
  [50201, "create_group('Trail')"],
  [50202, "update_group('Trail', 'Trails')"],
  [50131, "add_group_member('Trails', 'bob@acme.test')"],
  [50133, "remove_group_member('Trails', 'bob@acme.test')"],
  [50213, "include_group('Trails', 'Office')"],
  [50214, "exclude_group('Trails', 'Office')"],
  [50209, "set_group_type('Trails', 'hybrid')"],
  [50231, "create_group_mapping('Trails', 'demo', 'x')"],
  [50208, "set_group_type('Trails', 'external')"],
  [50212, "set_group_type('Trails', 'internal')"],
  [50306, "set_group_assignable('Trails', false)"],
  [50215, "assign_group_owner('Trails', 'bob@acme.test')"],
  [50205, "disable_group('Trails')"],
  [50204, "enable_group('Trails')"],
  [50207, "lock_group('Trails')"],
  [50206, "unlock_group('Trails')"],
  [50203, "delete_group('Trails')"],
  [50304, "grant_role('auditor', 'campus/miami', 'bob@acme.test')"],
  [50304, "grant_feature('todos', 'campus/miami', 'bob@acme.test', null, 'deny')"],
  [50305, "revoke('{deny}')"],
  [50341, "create_scope('campus/miami', 'store', '9')"],
  [50342, "update_scope('store/9', 'Nine')"],
  [50343, "move_scope('store/9', 'campus/chicago')"],
  [50344, "delete_scope('store/9')"],
  [50301, "create_role('trail', 'Trail')"],
  [50302, "update_role('trail', 'Trails')"],
  [50311, "add_role_features('trail', array['todos', 'chats'])"],
  [50313, "remove_role_features('trail', array['chats'])"],
  [50314, "include_role('trail', 'auditor')"],
  [50315, "exclude_role('trail', 'auditor')"],
  [50306, "set_role_assignable('trail', false)"],
  [50303, "delete_role('trail')"],
  [50101, "create_user('trail@acme.test')"],
  [50134, "link_identity('trail@acme.test', 'demo', 'trail')"],
  [50109, "disable_identity('{identity}')"],
  [50108, "enable_identity('{identity}')"],
  [50135, "unlink_identity('{identity}')"],
  [50102, "update_user('trail@acme.test', 'Trail')"],
  [50105, "disable_user('trail@acme.test')"],
  [50104, "enable_user('trail@acme.test')"],
  [50107, "lock_user('trail@acme.test')"],
  [50106, "unlock_user('trail@acme.test')"],
  [50008, "remove_tenant_member('trail@acme.test')"],
  [50007, "add_tenant_member('trail@acme.test')"],
  [50103, "delete_user('trail@acme.test')"],
  [50102, "select_tenant('acme')"],
  [50004, "assign_tenant_owner('jane@acme.test')"],
  [50002, "update_tenant('acme', 'Acme Inc.')"],
  [50331, "create_feature('trails')", "ada@portcullis.test"],
  [50332, "update_feature('trails', 'Trails.')", "ada@portcullis.test"],
  [50306, "set_feature_assignable('trails', false)", "ada@portcullis.test"],
  [
    50011,
    "create_provider('trail', 'Trail', 'https://t.test', array['a'], array['ES256'], 'https://t.test/keys')",
    "ada@portcullis.test",
  ],
  [50012, "update_provider('trail', 'Trails')", "ada@portcullis.test"],
  [50015, "disable_provider('trail')", "ada@portcullis.test"],
  [50014, "enable_provider('trail')", "ada@portcullis.test"],
  [50013, "delete_provider('trail')", "ada@portcullis.test"],
  [50001, "create_tenant('trail', 'Trail')", "ada@portcullis.test"],
  [50003, "delete_tenant('trail')", "ada@portcullis.test"],
];

beforeAll(async () => {
  for (const email of ["trailing@acme.test", "plain@acme.test"]) await arrange.user(email);
});

describe("a change", () => {
  test.each(changes.map(([code, call, who]) => [code, call, who ?? "alice@acme.test"] as const))(
    "writes %i once, in its transaction: %s",
    async (code, call, who) => {
      const before = await moment();
      const asked = as(who, { tenant: "acme" });
      expect(await asked.trial(`select iam.${fill(call)}`)).toBe("allowed");
      expect(await eventsSince(before)).toEqual([]);
      await asked.sql(`select iam.${fill(call)}`);
      expect(await eventsSince(before)).toEqual([
        { code, actor: who, tenant: "acme", request: "test", outcome: "success" },
      ]);
      const { rows } = await database.owner.query<{ name: string; id: string }>(
        "select 'deny' as name, 'Grant:' || id as id from iam.grants where effect = 'deny' union all select 'identity', 'Identity:' || id from iam.identities where subject = 'trail'",
      );
      for (const { name, id } of rows) ids[name] = id;
    },
  );

  test("writes one for each item of a bulk that was done, and none for the others", async () => {
    const before = await moment();
    await as("alice@acme.test").sql(
      "select * from iam.add_group_members('Office', array['nobody@acme.test', 'trailing@acme.test', 'carol@globex.test'])",
    );
    await as("alice@acme.test").sql(
      "select * from iam.grant_role_to_many('auditor', 'campus/miami', array['nobody@acme.test', 'trailing@acme.test'])",
    );
    expect((await eventsSince(before)).map(({ code }) => code)).toEqual([50131, 50304]);
  });

  test("writes events in the order in which concurrent changes took effect", async () => {
    const alice = as("alice@acme.test");
    const before = await moment();
    await Promise.all(
      Array.from({ length: 24 }, (_, n) =>
        alice.sql(`select iam.${n % 2 ? "enable" : "disable"}_group('Chicago Office')`),
      ),
    );
    const last = (await eventsSince(before)).at(-1)?.code;
    const { rows } = await database.owner.query("select is_active from iam.groups where name = 'Chicago Office'");
    expect(rows).toEqual([{ is_active: last === 50204 }]);
  });

  test("denies an event that is not on the list", async () => {
    await expect(database.owner.query("select iam.event_name(50999)")).rejects.toMatchObject({ code: "PT400" });
  });
});

describe("the trail", () => {
  test.each([
    "insert into iam.audit_events (code, action) values (50001, 'forged')",
    "update iam.audit_events set action = 'other'",
    "delete from iam.audit_events",
    "truncate iam.audit_events",
    "select from iam.audit_seals",
    "select iam.record(50001, 'Tenant', 'x', null, null)",
  ])("denies to whoever owns the tenant: %s", async (statement) => {
    expect(await as("alice@acme.test").outcome(statement)).toBe("42501");
  });

  test.each(["iam_definer", "api_owner", "authenticator", "web_anon"])("denies its change to %s", async (role) => {
    for (const statement of [
      "update iam.audit_events set action = 'x'",
      "delete from iam.audit_events",
      "truncate iam.audit_events, iam.audit_seals",
    ])
      expect(await asRole(role, statement)).toBe("42501");
  });

  test("shows its events to who holds iam.audit.read there, and hides them from the others", async () => {
    const seen = (who: string, tenant?: string) =>
      as(who, tenant === undefined ? {} : { tenant }).value(
        "select count(*)::int from iam.audit_events where tenant_id = (select id from iam.tenants where slug = 'acme')",
      );
    expect(Number(await seen("erin@acme.test"))).toBeGreaterThan(20);
    for (const who of ["plain@acme.test", "carol@globex.test", "mallory@nowhere.test"]) expect(await seen(who)).toBe(0);
    // an auditor of miami by now, and of nothing above it
    const [own] = await as("trailing@acme.test").read(
      "select array_agg(distinct s.key) as keys from iam.audit_events e left join iam.scopes s on s.id = e.scope_id",
    );
    expect(own).toEqual({ keys: ["miami"] });
  });
});

async function asRole(role: string, statement: string): Promise<string> {
  const client = await database.owner.connect();
  try {
    await client.query(`begin; set local role ${role}`);
    return await outcomeOf(client.query(statement));
  } finally {
    await client.query("rollback");
    client.release();
  }
}
