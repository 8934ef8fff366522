/** In charge of a change of authority that waits for another: what it may is decided after the wait, not before it. */
import pg from "pg";
import { afterEach, beforeEach, describe, expect, inject, test } from "vitest";
import { arranger } from "../support/arrange.js";
import { outcomeOf, type SqlCaller, type Transaction, useCallers } from "../support/callers.js";

const { as, database } = useCallers(8);
const arrange = arranger(database);
const alice = () => as("alice@acme.test");
const ada = (tenant?: string) => as("ada@portcullis.test", tenant === undefined ? {} : { tenant });
let person: string;
let grant: string;
let n = 0;

beforeEach(async () => {
  person = `p${++n}@acme.test`;
  await arrange.user(person);
  grant = await arrange.grant({ user: person, feature: "*", scope: "tenant/acme" });
});
afterEach(() => database.owner.query("delete from iam.grants where effect = 'deny'"));

/** Alice does `first`, and holds her transaction open until `second` waits for it; answers what `second` was answered. */
function meanwhile(first: string, second: () => Promise<string>, parameters: readonly unknown[] = []): Promise<string> {
  return whileIn(alice(), async ({ sql }) => {
    await sql(first, ...parameters);
    return second;
  });
}

/** The same with somebody else's transaction, in which `prepare` is done. */
async function whileIn(
  somebody: SqlCaller,
  prepare: (transaction: Transaction) => Promise<() => Promise<string>>,
): Promise<string> {
  let waiting: Promise<string> | undefined;
  await somebody.within(async (transaction) => {
    const second = await prepare(transaction);
    waiting = second();
    for (let tries = 0; tries < 200; tries++) {
      const { rows } = await database.owner.query(
        "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
      );
      if (rows.length > 0) return;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    throw new TypeError("Nobody waited.");
  });
  return (await waiting) ?? "";
}

describe("a change that waited", () => {
  test.each([
    ["granting", "grant_feature('todos', 'tenant/acme', 'bob@acme.test')"],
    ["making an owner", "assign_tenant_owner('bob@acme.test')"],
    ["creating a scope", "create_scope('tenant/acme', 'place', 'x')"],
    ["disabling a user", "disable_user('bob@acme.test')"],
    ["filling a role", "add_role_features('sales_manager', array['todos'])"],
  ])("is denied %s with a right that was revoked meanwhile", async (_, call) => {
    const outcome = await meanwhile("select iam.revoke($1)", () => as(person).outcome(`select iam.${call}`), [
      `Grant:${grant}`,
    ]);
    expect(["52109", "52280", "PT404", "52177"]).toContain(outcome);
  });

  test("is denied to who was locked, or whose membership ended, meanwhile", async () => {
    const call = () => as(person).outcome("select iam.grant_feature('todos', 'tenant/acme', 'bob@acme.test')");
    expect(await meanwhile("select iam.lock_user($1)", call, [person])).toBe("52106");
    await alice().sql("select iam.unlock_user($1)", person);
    expect(await meanwhile("select iam.remove_tenant_member($1)", call, [person])).toMatch(/40001|52108|PT401/);
  });

  test("is denied editing a row with a share that ended meanwhile", async () => {
    const [todo] = await alice().sql<{ id: string }>("insert into todos (title) values ('New enemy') returning id");
    const { rows } = await database.owner.query("select id from iam.users where email = $1", [person]);
    await database.owner.query("delete from iam.grants where id = $1", [grant]);
    await alice().sql(
      "insert into todo_shares (todo_id, user_id, can_write) values ($1, $2, true)",
      todo?.id,
      rows[0]?.id,
    );
    let seen: unknown;
    await meanwhile("with ended as (delete from todo_shares where todo_id = $1) update todos set title = 'Secret' where id = $1", async () => {
      seen = await as(person, { isShared: true }).sql(
        "update todos set done = true where id = $1 returning title",
        todo?.id,
      );
      return "allowed";
    }, [todo?.id]);
    expect(seen).toEqual([]);
  });

  test("is allowed when nothing it rests on has changed", async () => {
    expect(
      await meanwhile(
        "select iam.create_group($1)",
        () => as(person).outcome("select iam.grant_feature('todos', 'tenant/acme', 'bob@acme.test')"),
        [`While ${n}`],
      ),
    ).toBe("allowed");
  });
});

describe("a token that puts its subject into a group, and waited", () => {
  /** Whether the person is in the group afterwards, and in the tenant. */
  async function sync(): Promise<string> {
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    try {
      await client.query("begin");
      await client.query("select set_config('app.issuer', $1, true), set_config('app.subject', $2, true)", [
        inject("cluster").demoIssuer.issuer,
        person,
      ]);
      await client.query("select iam.sync_groups(array[$1], '{}')", [`mapped ${n}`]);
      await client.query("commit");
    } finally {
      await client.end();
    }
    const { rows } = await database.owner.query<{ isIn: boolean; isMember: boolean }>(
      `select
         exists (select from iam.group_members m where m.user_id = u.id) as "isIn",
         exists (select from iam.tenant_members m where m.user_id = u.id and m.deleted_at is null) as "isMember"
       from iam.users u where u.id = $1`,
      [id],
    );
    return JSON.stringify(rows[0]);
  }
  let id: string;
  let mapping: string;
  let identity: string;
  beforeEach(async () => {
    const { rows } = await database.owner.query<{ id: string; identity: string }>(
      "select u.id, 'Identity:' || i.id as identity from iam.users u join iam.identities i on i.user_id = u.id where u.email = $1",
      [person],
    );
    id = rows[0]?.id ?? "";
    identity = rows[0]?.identity ?? "";
    const group = await arrange.group({ name: `Mapped ${n}` });
    await database.owner.query("update iam.groups set type = 'external' where id = $1", [group]);
    const mapped = await database.owner.query<{ id: string }>(
      `insert into iam.group_mappings (tenant_id, group_id, provider_id, external_id)
       select g.tenant_id, g.id, p.id, $2 from iam.groups g, iam.providers p where g.id = $1 and p.code = 'demo' returning id`,
      [group, `mapped ${n}`],
    );
    mapping = mapped.rows[0]?.id ?? "";
  });

  afterEach(async () => {
    await database.owner.query("update iam.providers set is_enabled = true");
    await database.owner.query("update iam.tenants set deleted_at = null where slug = 'acme'");
  });

  test.each([
    ["the mapping ended", () => `delete_group_mapping('GroupMapping:${mapping}')`, true],
    ["the group was frozen", () => `lock_group('Mapped ${n}')`, true],
    ["he was sent away", () => `remove_tenant_member('${person}')`, false],
    ["he was disabled", () => `disable_user('${person}')`, true],
    ["he was locked", () => `lock_user('${person}')`, true],
    ["he was deleted", () => `delete_user('${person}')`, false],
    ["his identity was disabled", () => `disable_identity('${identity}')`, true],
    ["the provider was disabled", () => "disable_provider('demo')", true],
    ["the tenant ended", () => "delete_tenant('acme')", true],
  ])("is denied it when %s meanwhile", async (_, call, isMember) => {
    expect(await whileAdminDoes(call())).toEqual({ isIn: false, isMember });
  });

  test("is allowed it when nothing that it rests on has changed", async () => {
    expect(await whileAdminDoes(`create_group('Beside ${n}')`)).toEqual({ isIn: true, isMember: true });
  });

  async function whileAdminDoes(call: string): Promise<unknown> {
    return JSON.parse(
      await whileIn(ada("acme"), async ({ sql }) => {
        await sql(`select iam.${call}`);
        return sync;
      }),
    );
  }
});

describe("ending a one-time token", () => {
  test("is denied at once to another tenant, whoever uses it at that moment", async () => {
    const [token] = await alice().sql<{ id: string }>(
      "select iam.create_token(repeat('a', 64), email => $1) as id",
      person,
    );
    const outcome = await as(person).within(async ({ sql }) => {
      await sql("select iam.use_token(repeat('a', 64))");
      return outcomeOf(
        as("carol@globex.test").within(async (transaction) => {
          await transaction.sql("set local lock_timeout = '2s'");
          await transaction.sql("select iam.revoke_token($1)", `Token:${token?.id}`);
        }),
      );
    });
    expect(outcome).toBe("52277");
  });
});

describe("ending a tenant from another one", () => {
  test("waits for what is being done in it, and then nothing more is", async () => {
    const carol = as("carol@globex.test");
    // who comes as if he changed no authority has waited for nobody in globex yet
    const ender = as("ada@portcullis.test", { tenant: "acme", isShared: true });
    const end = () => ender.outcome("select iam.delete_tenant('globex')");
    const outcome = await whileIn(carol, async ({ sql }) => {
      await sql("insert into todos (title) values ('In time')");
      return end;
    });
    const after = await carol.outcome("insert into todos (title) values ('Too late')");
    await database.owner.query("update iam.tenants set deleted_at = null where slug = 'globex'");
    expect([outcome, after]).toEqual(["allowed", "42501"]);
  });
});

describe("administrators of everything", () => {
  test("deny each other no turn: many changes of system rows at once, in tenants and outside, none of them deadlocks", async () => {
    const outcomes = await Promise.all(
      Array.from({ length: 24 }, (_, index) => {
        if (index % 4 === 0)
          return ada().outcome("select iam.create_tenant($1, 'T', 'mallory@nowhere.test')", `t${index}`);
        if (index % 4 === 1) return ada("acme").outcome("select iam.create_feature($1)", `f${index}`);
        if (index % 4 === 2) return ada("globex").outcome("select iam.update_provider('demo', $1)", `N${index}`);
        return alice().outcome("select iam.create_group($1)", `g${index}`);
      }),
    );
    expect(outcomes).toEqual(Array(24).fill("allowed"));
  });

  test("are denied a right at global/all that was revoked meanwhile, in whatever tenant they act", async () => {
    await arrange.user("eve@portcullis.test", []);
    const id = await arrange.grant({ user: "eve@portcullis.test", role: "platform_admin", scope: "global/all" });
    const [, outcome] = await Promise.all([
      ada("acme").within(async ({ sql }) => {
        await sql("select iam.revoke($1)", `Grant:${id}`);
        await new Promise((resolve) => setTimeout(resolve, 150));
      }),
      new Promise((resolve) => setTimeout(resolve, 50)).then(() =>
        as("eve@portcullis.test", { tenant: "globex" }).outcome("select iam.create_role('eves', 'Eve')"),
      ),
    ]);
    expect(outcome).toMatch(/40001|52108|52109/);
  });
});

describe("a session that changes something", () => {
  test.each(["repeatable read", "serializable"])(
    "is denied at %s, whose snapshot is older than the lock",
    async (level) => {
      const client = await database.owner.connect();
      try {
        await client.query(
          `begin isolation level ${level}; select set_config('app.issuer', issuer, true), set_config('app.subject', 'bob@acme.test', true) from iam.providers`,
        );
        await expect(client.query("select iam.open_session()")).rejects.toMatchObject({ code: "PT400" });
      } finally {
        await client.query("rollback");
        client.release();
      }
    },
  );
});
