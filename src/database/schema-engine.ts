/**
 * In charge of Prisma's schema engine, without its native binary: the WebAssembly build, which arrives with `npm ci`.
 * It reads and writes the database through a driver adapter: `engineAdapter` over a pool, `noDatabase` for pure text work.
 */
import type { EventEmitter } from "node:events";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { PrismaPg } from "@prisma/adapter-pg";
import {
  bindMigrationAwareSqlAdapterFactory,
  ColumnTypeEnum,
  DriverAdapterError,
  type ErrorRegistry,
  type SqlDriverAdapter,
  type SqlMigrationAwareDriverAdapterFactory,
  type SqlResultSet,
} from "@prisma/driver-adapter-utils";
import type { SchemaEngine, SchemasContainer } from "@prisma/schema-engine-wasm";
import pg from "pg";

/**
 * Runs `work` with a schema engine on what `adapter` connects to. From `schema` it learns which Postgres schemas are ours.
 * Rejects with the driver's own error where there is one.
 */
export async function withSchemaEngine<T>(
  adapter: SqlMigrationAwareDriverAdapterFactory,
  schema: SchemasContainer,
  work: (engine: SchemaEngine) => Promise<T>,
): Promise<T> {
  const Engine = await loadEngine();
  const datamodels = schema.files.map((file): [string, string] => [file.path, file.content]);
  const bound = bindMigrationAwareSqlAdapterFactory(adapter);
  const engine = await Engine.new({ datamodels }, () => undefined, bound);
  try {
    return await work(engine);
  } catch (error) {
    throw originOf(error, bound.errorRegistry);
  } finally {
    engine.free();
  }
}

// The engine names an error of the driver by its number only.
function originOf(error: unknown, registry: ErrorRegistry): unknown {
  const id = /External error id#(\d+)/.exec(String(error))?.[1];
  return id === undefined ? error : (registry.consumeError(Number(id))?.error ?? error);
}

/**
 * The adapter for a pool of one connection. Two mends of Prisma's own: it splits a script at every `;`, also inside a
 * function's body, so a migration is sent as the one query that it is (a failing file leaves nothing behind, and a role
 * it set ends with it); and it doesn't know the catalogue's type `"char"`, which the engine wants as a character.
 */
export function engineAdapter(pool: EnginePool): SqlMigrationAwareDriverAdapterFactory {
  const factory = new PrismaPg(pool);
  const { provider, adapterName } = factory;
  const connect = async (): Promise<SqlDriverAdapter> => {
    const adapter = await factory.connect();
    const queryRaw = adapter.queryRaw.bind(adapter);
    adapter.queryRaw = async (query) => pool.markCharacters(await queryRaw(query));
    adapter.executeScript = async (script) => {
      await pool.query(script);
      await pool.query("reset role");
    };
    return adapter;
  };
  return { provider, adapterName, connect, connectToShadowDb: () => factory.connectToShadowDb() };
}

const charOid = 18;
const textOid = 25;

/** The pool that an engine works on: one connection, since the engine's advisory lock and its role belong to it. */
export class EnginePool extends pg.Pool {
  #characters: ReadonlySet<string> = new Set();

  constructor(config: pg.PoolConfig) {
    super({ ...config, max: 1, idleTimeoutMillis: 0, application_name: "portcullis migrate" });
    this.on("connect", (client) => this.#readCharAsText(client));
  }

  /** Says of the latest answer which of its columns are of type `"char"`. */
  markCharacters(answer: SqlResultSet): SqlResultSet {
    const types = answer.columnNames.map((name, index) =>
      this.#characters.has(name) ? ColumnTypeEnum.Character : answer.columnTypes[index],
    );
    return { ...answer, columnTypes: types.filter((type) => type !== undefined) };
  }

  #readCharAsText(client: pg.PoolClient): void {
    const { connection } = client as unknown as { readonly connection: EventEmitter };
    connection.prependListener("rowDescription", ({ fields }: { readonly fields: readonly pg.FieldDef[] }) => {
      const characters = fields.filter((field) => field.dataTypeID === charOid);
      for (const field of characters) field.dataTypeID = textOid;
      this.#characters = new Set(characters.map((field) => field.name));
    });
  }
}

/** The adapter for an engine that only compares datamodels: it knows an empty PostgreSQL and refuses everything else. */
export const noDatabase: SqlMigrationAwareDriverAdapterFactory = {
  provider: "postgres",
  adapterName: "none",
  connect: async () => ({
    provider: "postgres",
    adapterName: "none",
    queryRaw: async () => emptyServer,
    executeRaw: refuse,
    executeScript: refuse,
    startTransaction: refuse,
    dispose: async () => undefined,
    getConnectionInfo: () => ({ schemaName: "public", supportsRelationJoins: true }),
  }),
  connectToShadowDb: refuse,
};

// The one thing the engine asks before it compares: is the schema there, and which version is it.
const emptyServer: SqlResultSet = {
  columnNames: ["exists", "version", "numeric_version"],
  columnTypes: [ColumnTypeEnum.Boolean, ColumnTypeEnum.Text, ColumnTypeEnum.Int32],
  rows: [[true, "PostgreSQL 15.0", 150000]],
};

function refuse(): Promise<never> {
  return Promise.reject(new DriverAdapterError({ kind: "DatabaseNotReachable" }));
}

// Once per process: the bindings keep views of one instance's memory and read garbage from a second one.
let loaded: Promise<typeof SchemaEngine> | undefined;

function loadEngine(): Promise<typeof SchemaEngine> {
  loaded ??= instantiateEngine();
  return loaded;
}

// Node imports WebAssembly only behind a flag, so the package's own entry can't be used.
async function instantiateEngine(): Promise<typeof SchemaEngine> {
  const bindings = (await import("@prisma/schema-engine-wasm/schema_engine_bg")) as unknown as EngineBindings;
  const entry = createRequire(import.meta.url).resolve("@prisma/schema-engine-wasm");
  const file = join(dirname(entry), "schema_engine_bg.wasm");
  const { instance } = await WebAssembly.instantiate(await readFile(file), { "./schema_engine_bg.js": bindings });
  bindings.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start();
  return bindings.SchemaEngine;
}

interface EngineBindings {
  readonly SchemaEngine: typeof SchemaEngine;
  __wbg_set_wasm(exports: object): void;
}

// What is used of the global WebAssembly, which TypeScript knows only together with the whole DOM.
declare const WebAssembly: {
  instantiate(
    bytes: Uint8Array,
    imports: Readonly<Record<string, EngineBindings>>,
  ): Promise<{ readonly instance: { readonly exports: { __wbindgen_start(): void } } }>;
};
