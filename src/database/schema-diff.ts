/** In charge of comparing the Prisma schema with a database: what a new migration has to say, and whether one was forgotten. */
import type { DiffTarget } from "@prisma/schema-engine-wasm";
import { prismaFolder, readSchemaFiles } from "./prisma-files.js";
import { EnginePool, engineAdapter, noDatabase, withSchemaEngine } from "./schema-engine.js";

/** The SQL that brings an empty database to the Prisma schema. Needs no server. */
export async function sqlFromEmpty(folder = prismaFolder): Promise<string> {
  const schema = await readSchemaFiles(folder);
  return await withSchemaEngine(noDatabase, schema, (engine) =>
    engine.diff(towards(schema, { tag: "empty" })).then(textOf),
  );
}

/** The SQL that brings the database behind `url` to the Prisma schema; empty when they agree. Changes nothing. */
export async function sqlFromDatabase(url: string, folder = prismaFolder): Promise<string> {
  const schema = await readSchemaFiles(folder);
  const pool = new EnginePool({ connectionString: url });
  try {
    const from: DiffTarget = { tag: "schemaDatasource", files: schema.files, configDir: folder };
    return await withSchemaEngine(engineAdapter(pool), schema, (engine) =>
      engine.diff(towards(schema, from)).then(textOf),
    );
  } finally {
    await pool.end();
  }
}

function towards(schema: Awaited<ReturnType<typeof readSchemaFiles>>, from: DiffTarget) {
  return {
    from,
    to: { tag: "schemaDatamodel" as const, ...schema },
    script: true,
    exitCode: null,
    filters: { externalTables: [], externalEnums: [] },
  };
}

// What the engine says instead of nothing.
function textOf({ stdout }: { readonly stdout: string | null }): string {
  return stdout === null || stdout.startsWith("-- This is an empty migration.") ? "" : stdout;
}
