/** In charge of bringing a database to the newest migration, and of Prisma's own record of what was applied. */
import { createHash } from "node:crypto";
import type { MigrationList } from "@prisma/schema-engine-wasm";
import type pg from "pg";
import { StartupError } from "../errors.js";
import { prismaFolder, readMigrations, readSchemaFiles } from "./prisma-files.js";
import { withConnection } from "./with-connection.js";

/** What a migration is told. */
export interface MigrateOptions {
  /** A superuser, or a member of `api_owner` and `iam_definer`; the roles are there (`bootstrapRoles`). */
  readonly adminUrl: string;
  /** The folder with `schema/` and `migrations/`. Default: the gateway's own. */
  readonly folder?: string | undefined;
}

/**
 * Applies the migrations that the database doesn't have yet and answers their names. Each is one transaction. Processes that
 * migrate at once wait for each other. Throws a StartupError when one fails or an applied one was edited afterwards.
 */
export async function migrate({ adminUrl, folder = prismaFolder }: MigrateOptions): Promise<readonly string[]> {
  const migrations = await readMigrations(folder);
  return await withConnection(adminUrl, async (client) => {
    if (!(await isBehind(client, migrations))) return [];
    await client.query("select pg_advisory_lock(hashtext('portcullis migrate'))");
    if (!(await isBehind(client, migrations))) return [];
    await forgetUnfinished(client);
    const applied = await apply(adminUrl, folder, migrations).catch((cause: unknown) =>
      refuse(client, migrations, cause),
    );
    await hideRecord(client);
    return applied;
  });
}

interface AppliedMigration {
  readonly migration_name: string;
  readonly checksum: string;
}

// Reading the record costs a millisecond, loading the engine to be told the same a hundred.
async function isBehind(client: pg.Client, { migrationDirectories }: MigrationList): Promise<boolean> {
  if (!(await hasRecord(client))) return migrationDirectories.length > 0;
  const { rows } = await client.query<AppliedMigration>(
    "select migration_name, checksum from public._prisma_migrations where finished_at is not null and rolled_back_at is null",
  );
  const checksums = new Map(rows.map((row) => [row.migration_name, row.checksum]));
  for (const { path, migrationFile } of migrationDirectories) {
    if (checksums.has(path) && checksums.get(path) !== checksumOf(migrationFile.content.value)) throw edited(path);
  }
  return migrationDirectories.some(({ path }) => !checksums.has(path));
}

async function hasRecord(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query("select where to_regclass('public._prisma_migrations') is not null");
  return rows.length > 0;
}

// What is left of a process that died or of a file that failed: being one transaction, it left nothing in the database.
async function forgetUnfinished(client: pg.Client): Promise<string | undefined> {
  if (!(await hasRecord(client))) return undefined;
  const { rows } = await client.query<Pick<AppliedMigration, "migration_name">>(
    `update public._prisma_migrations set rolled_back_at = now()
     where finished_at is null and rolled_back_at is null returning migration_name`,
  );
  return rows[0]?.migration_name;
}

async function apply(adminUrl: string, folder: string, migrationsList: MigrationList): Promise<readonly string[]> {
  const { EnginePool, engineAdapter, withSchemaEngine } = await import("./schema-engine.js");
  const pool = new EnginePool({ connectionString: adminUrl });
  const filters = { externalTables: [], externalEnums: [] };
  try {
    const schema = await readSchemaFiles(folder);
    const answer = await withSchemaEngine(engineAdapter(pool), schema, (engine) =>
      engine.applyMigrations({ migrationsList, filters }),
    );
    return answer.appliedMigrationNames;
  } finally {
    await pool.end();
  }
}

// The record is nobody's at run time: no privilege, and no policy should somebody grant one. Its owner keeps access,
// so its row-level security is not forced, and the start-up proof leaves this one table out.
async function hideRecord(client: pg.Client): Promise<void> {
  await client.query(`
    revoke all on public._prisma_migrations from public, authenticator, web_user, web_delegate, web_anon;
    alter table public._prisma_migrations enable row level security`);
}

async function refuse(client: pg.Client, { migrationDirectories }: MigrationList, cause: unknown): Promise<never> {
  const name = await forgetUnfinished(client);
  const script = migrationDirectories.find(({ path }) => path === name)?.migrationFile.content.value;
  const { message, position } = cause as Partial<pg.DatabaseError>;
  const line = position && script ? ` in line ${script.slice(0, Number(position)).split("\n").length}` : "";
  throw new StartupError(
    `The migration ${name ?? "of the database"} failed${line}: ${message ?? String(cause)}`,
    "Mend that file. Nothing of it was kept, so the next start tries it again.",
    { cause },
  );
}

function edited(name: string): StartupError {
  return new StartupError(
    `The migration ${name} was edited after it was applied to this database.`,
    "Restore the file and write what changed as a new migration. In development, delete the database (.data) and start again.",
  );
}

function checksumOf(script: string): string {
  return createHash("sha256").update(script).digest("hex");
}
