/** In charge of `portcullis protect`: a migration for every table whose declaration says something new. */
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { prismaFolder, readMigrations } from "../database/prisma-files.js";
import { sqlFromEmpty } from "../database/schema-diff.js";
import { ideaOf, type Known, type Migration, nameMigration, protectScript } from "../protect/policies/migration.js";
import { requireReferences } from "../protect/policies/missing-tables.js";
import { requireIndexes } from "../protect/policies/needed-indexes.js";
import { declaredProtections, declaredTables } from "../resources/protections.js";

/** Writes the migrations and says which; says that there is nothing to write the second time. */
export async function protectTables(folder = prismaFolder): Promise<void> {
  const written = await pendingMigrations(folder);
  await Promise.all(written.map((migration) => write(folder, migration)));
  process.stdout.write(
    written.length === 0
      ? "Every declaration has its migration. Nothing to write.\n"
      : `${written.map(({ name }) => `Wrote prisma/migrations/${name}/migration.sql\n`).join("")}Read what you are about to apply, then start the gateway or run portcullis migrate.\n`,
  );
}

/**
 * The migrations that the declarations lack.
 * @throws StartupError where a new table refers to one that nothing makes, or lacks an index that its policies need
 */
export async function pendingMigrations(folder = prismaFolder): Promise<readonly Migration[]> {
  const known = await readKnown(folder);
  const tables = declaredTables();
  requireReferences(tables, known);
  requireIndexes(tables, known);
  const written: Migration[] = [];
  for (const protection of declaredProtections()) {
    const migrations = [...known.migrations, ...written];
    const script = protectScript(protection, { ...known, migrations });
    if (script !== null)
      written.push({ name: nameMigration(ideaOf(protection), { migrations, now: new Date() }), script });
  }
  return written;
}

async function write(folder: string, { name, script }: Migration): Promise<void> {
  await mkdir(`${folder}/migrations/${name}`);
  await writeFile(`${folder}/migrations/${name}/migration.sql`, script);
}

async function readKnown(folder: string): Promise<Known> {
  const { migrationDirectories } = await readMigrations(folder);
  const migrations = migrationDirectories.map(({ path, migrationFile }) => ({
    name: path,
    script: migrationFile.content.value,
  }));
  const seeds = (await readdir(`${folder}/seed`)).filter((name) => name.endsWith(".sql"));
  const texts = await Promise.all(seeds.map((name) => readFile(`${folder}/seed/${name}`, "utf8")));
  return { migrations, seeds: texts.join("\n"), tables: await sqlFromEmpty(folder) };
}
