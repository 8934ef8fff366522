/** What the bootstrap makes, for a superuser and for an administrator who isn't one, and that it may be asked twice. */
import { randomBytes } from "node:crypto";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { migrate } from "../../src/database/migrate.js";
import { proveDatabase } from "../../src/database/proof.js";
import { bootstrapRoles, ensureDatabase } from "../../src/database/roles.js";
import { createEmptyDatabase, type TestDatabase } from "../support/database.js";

let database: TestDatabase;

beforeAll(async () => {
  database = await createEmptyDatabase();
});

afterAll(async () => {
  await database.drop();
});

describe("bootstrapRoles", () => {
  it("makes authenticator a login that has nothing before it switches", async () => {
    await bootstrapRoles({ adminUrl: database.adminUrl });
    const { rows } = await database.owner.query(`
      select r.rolcanlogin, r.rolinherit, r.rolsuper, r.rolbypassrls, pg_has_role(r.oid, 'web_user', 'usage') as inherits
      from pg_roles r where rolname = 'authenticator'`);
    expect(rows).toEqual([
      { rolcanlogin: true, rolinherit: false, rolsuper: false, rolbypassrls: false, inherits: false },
    ]);
  });

  it("lets authenticator become the runtime roles, and denies it the owning ones", async () => {
    const client = new pg.Client(database.url);
    await client.connect();
    await client.query("set role web_user");
    await client.query("set role web_delegate");
    await client.query("set role web_anon");
    await client.query("reset role");
    await expect(client.query("set role api_owner")).rejects.toMatchObject({ code: "42501" });
    await expect(client.query("set role iam_definer")).rejects.toMatchObject({ code: "42501" });
    await client.end();
  });

  it("makes a delegate a user", async () => {
    const { rows } = await database.owner.query("select pg_has_role('web_delegate', 'web_user', 'usage') as is");
    expect(rows).toEqual([{ is: true }]);
  });

  it("changes nothing the second time, and keeps the password when none is given", async () => {
    const before = await allRoles();
    await bootstrapRoles({ adminUrl: database.adminUrl });
    expect(await allRoles()).toEqual(before);
  });

  it("lets several processes bootstrap the same cluster at once", async () => {
    const { authenticatorPassword } = inject("cluster");
    const all = [1, 2, 3, 4].map(() => bootstrapRoles({ adminUrl: database.adminUrl, authenticatorPassword }));
    await expect(Promise.all(all)).resolves.toBeDefined();
    const client = new pg.Client(database.url);
    await client.connect();
    await client.end();
  });

  it("refuses an administrator without the rights, with the SQL to run", async () => {
    await expect(bootstrapRoles({ adminUrl: database.url })).rejects.toMatchObject({
      name: "StartupError",
      mend: expect.stringContaining("grant api_owner to authenticator"),
    });
  });
});

describe("an administrator who is no superuser", () => {
  const name = `admin_${randomBytes(4).toString("hex")}`;
  let adminUrl: string;

  beforeAll(async () => {
    await database.owner.query(`create role ${name} login createrole password 'test'`);
    await database.owner.query(`create database ${name} owner ${name} template template0`);
    await letGrant();
    const url = new URL(database.adminUrl);
    url.username = name;
    url.password = "test";
    url.pathname = `/${name}`;
    adminUrl = url.href;
  });

  afterAll(async () => {
    await database.owner.query(`drop database if exists ${name} with (force)`);
    await database.owner.query(`drop owned by ${name}`);
    await database.owner.query(`drop role ${name}`);
  });

  it("bootstraps and migrates his database, which the gateway then accepts", async () => {
    await bootstrapRoles({ adminUrl });
    expect(await migrate({ adminUrl })).not.toEqual([]);
    const url = new URL(database.url);
    url.pathname = `/${name}`;
    await expect(proveDatabase(url.href)).resolves.toBeUndefined();
  });

  // On a cluster of his own he would have made the roles himself, and since 16 that is what lets him grant them.
  async function letGrant(): Promise<void> {
    const { rows } = await database.owner.query(
      "select current_setting('server_version_num')::int >= 160000 as since16",
    );
    if (!rows[0].since16) return;
    await database.owner.query(
      `grant api_owner, iam_definer, web_user, web_delegate, web_anon to ${name} with admin true, inherit false, set false`,
    );
  }
});

describe("ensureDatabase", () => {
  it("makes a database where there is none, and answers its address both times", async () => {
    const name = `made_${randomBytes(4).toString("hex")}`;
    const urls = [await ensureDatabase(database.adminUrl, name), await ensureDatabase(database.adminUrl, name)];
    expect(urls[0]).toBe(urls[1]);
    expect(new URL(urls[0] ?? "").pathname).toBe(`/${name}`);
    await database.owner.query(`drop database ${name}`);
  });
});

async function allRoles(): Promise<unknown> {
  const { rows } = await database.owner.query(`
    select r.rolname, a.rolpassword, array(select m.roleid::regrole::text from pg_auth_members m where m.member = r.oid order by 1) as member_of
    from pg_roles r join pg_authid a on a.oid = r.oid
    where r.rolname in ('api_owner', 'iam_definer', 'web_user', 'web_delegate', 'web_anon', 'authenticator') order by 1`);
  return rows;
}
