/** In charge of the files that say what the database must look like: the Prisma schema folder and the migrations. */
import { readdirSync, readFileSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { MigrationList, SchemasContainer } from "@prisma/schema-engine-wasm";

/** Where this package keeps its own `prisma/` folder. */
export const prismaFolder: string = fileURLToPath(new URL("../../prisma", import.meta.url));

/** Every `.prisma` file of the schema folder, in the order of their names. */
export async function readSchemaFiles(folder = prismaFolder): Promise<SchemasContainer> {
  const names = (await readdir(`${folder}/schema`)).filter((name) => name.endsWith(".prisma")).sort();
  const files = names.map(async (name) => {
    const path = `${folder}/schema/${name}`;
    return { path, content: await readFile(path, "utf8") };
  });
  return { files: await Promise.all(files) };
}

/** Whatever migrations and seeds write between quotes in the form of a feature's code; every feature is among it. */
export function readFeatureCodes(folder = prismaFolder): ReadonlySet<string> {
  const names = ["migrations", "seed"].flatMap((part) =>
    readdirSync(`${folder}/${part}`, { recursive: true }).map((name) => `${part}/${name}`),
  );
  const texts = names.filter((name) => name.endsWith(".sql")).map((name) => readFileSync(`${folder}/${name}`, "utf8"));
  return new Set(texts.flatMap((text) => text.match(/(?<=')[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*(?=')/g) ?? []));
}

/** Every migration in the order of their names, as the schema engine takes them. */
export async function readMigrations(folder = prismaFolder): Promise<MigrationList> {
  const baseDir = `${folder}/migrations`;
  const entries = await readdir(baseDir, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  const directories = names.sort().map(async (name) => ({
    path: name,
    migrationFile: {
      path: "migration.sql",
      content: { tag: "ok" as const, value: await readFile(`${baseDir}/${name}/migration.sql`, "utf8") },
    },
  }));
  return {
    baseDir,
    lockfile: { path: "./migration_lock.toml", content: 'provider = "postgresql"\n' },
    shadowDbInitScript: "",
    migrationDirectories: await Promise.all(directories),
  };
}
