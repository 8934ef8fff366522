/** What applying migrations guarantees: all or nothing, once, whoever else tries at the same time. */
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { migrate } from "../../src/database/migrate.js";
import { prismaFolder } from "../../src/database/prisma-files.js";
import { bootstrapRoles } from "../../src/database/roles.js";
import { createEmptyDatabase, type TestDatabase } from "../support/database.js";

let database: TestDatabase;
let folder: string;

beforeEach(async () => {
  database = await createEmptyDatabase();
  await bootstrapRoles({ adminUrl: database.adminUrl });
  folder = await mkdtemp(join(tmpdir(), "portcullis-migrations-"));
  await cp(join(prismaFolder, "schema"), join(folder, "schema"), { recursive: true });
  await write("1_first", "create table public.first ();");
});

afterEach(async () => {
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

describe("migrate", () => {
  it("applies every migration to an empty database, then none", async () => {
    const applied = await migrate({ adminUrl: database.adminUrl });
    expect(applied.length).toBeGreaterThan(0);
    expect(await migrate({ adminUrl: database.adminUrl })).toEqual([]);
  });

  it("applies a migration once when several processes start together", async () => {
    const answers = await Promise.all([1, 2, 3].map(() => migrate({ adminUrl: database.adminUrl, folder })));
    expect(answers.flat()).toEqual(["1_first"]);
  });

  it("reads a semicolon inside of a function's body as part of it", async () => {
    await write(
      "2_function",
      "create function public.two() returns int language plpgsql as $$ begin return 2; end; $$;",
    );
    await migrate({ adminUrl: database.adminUrl, folder });
    const { rows } = await database.owner.query("select public.two()");
    expect(rows).toEqual([{ two: 2 }]);
  });

  it("ends the role that a migration took before the next one starts", async () => {
    await write("2_role", "set role api_owner; create table public.second ();");
    await write("3_next", "create table public.third as select current_user::text as made_by;");
    await migrate({ adminUrl: database.adminUrl, folder });
    const { rows } = await database.owner.query("select made_by from public.third");
    expect(rows).toEqual([{ made_by: "postgres" }]);
  });

  it("leaves nothing of a migration that fails, and applies it once it is mended", async () => {
    await write("2_broken", "create table public.second ();\nselect nothing;");
    await expect(migrate({ adminUrl: database.adminUrl, folder })).rejects.toThrow(
      'The migration 2_broken failed in line 2: column "nothing" does not exist',
    );
    expect(await tables()).toEqual(["first"]);
    await write("2_broken", "create table public.second ();");
    expect(await migrate({ adminUrl: database.adminUrl, folder })).toEqual(["2_broken"]);
    expect(await tables()).toEqual(["first", "second"]);
  });

  it("refuses a migration that was edited after it was applied", async () => {
    await migrate({ adminUrl: database.adminUrl, folder });
    await write("1_first", "create table public.other ();");
    await expect(migrate({ adminUrl: database.adminUrl, folder })).rejects.toMatchObject({
      name: "StartupError",
      mend: expect.stringContaining("new migration"),
    });
  });

  it("starts on a database that is ahead of it", async () => {
    await write("2_second", "create table public.second ();");
    await migrate({ adminUrl: database.adminUrl, folder });
    await rm(join(folder, "migrations/2_second"), { recursive: true });
    expect(await migrate({ adminUrl: database.adminUrl, folder })).toEqual([]);
  });

  it("denies the runtime roles its record of what was applied", async () => {
    await migrate({ adminUrl: database.adminUrl, folder });
    for (const role of ["web_user", "web_anon", "authenticator"]) {
      const { rows } = await database.owner.query(
        "select has_table_privilege($1, '_prisma_migrations', 'select, insert, update, delete') as may",
        [role],
      );
      expect(rows, role).toEqual([{ may: false }]);
    }
    const { rows } = await database.owner.query(
      "select relrowsecurity from pg_class where relname = '_prisma_migrations'",
    );
    expect(rows).toEqual([{ relrowsecurity: true }]);
  });

  it("refuses with the address when nobody answers there", async () => {
    const adminUrl = "postgres://nobody@127.0.0.1:1/none";
    await expect(migrate({ adminUrl, folder })).rejects.toMatchObject({
      name: "StartupError",
      message: expect.stringContaining("127.0.0.1:1"),
    });
  });
});

async function write(name: string, sql: string): Promise<void> {
  await mkdir(join(folder, "migrations", name), { recursive: true });
  await writeFile(join(folder, "migrations", name, "migration.sql"), sql);
}

async function tables(): Promise<readonly string[]> {
  const { rows } = await database.owner.query(
    "select tablename from pg_tables where schemaname = 'public' and tablename <> '_prisma_migrations' order by 1",
  );
  return rows.map((row) => row.tablename);
}
