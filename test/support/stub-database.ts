/** In charge of a database with a stub of `iam.open_session()` and a few tables, for tests of the session alone. */
import type pg from "pg";
import { afterAll, beforeAll } from "vitest";
import { createEmptyDatabase, type TestDatabase } from "./database.js";
import { stubSchema } from "./stub-schema.js";

/** A database of the test cluster that holds nothing but the stub. */
export interface StubDatabase {
  /** As `authenticator`. */
  readonly url: string;
  /** Runs SQL as the superuser. */
  readonly admin: <Row extends pg.QueryResultRow>(sql: string, values?: unknown[]) => Promise<Row[]>;
}

/** A stub for the whole test file, standing in another time zone. Read its properties inside of tests and hooks only. */
export function useStubDatabase(): StubDatabase {
  let database: TestDatabase | undefined;
  beforeAll(async () => {
    database = await createEmptyDatabase();
    const name = new URL(database.adminUrl).pathname.slice(1);
    await database.owner.query(`${stubSchema} alter database ${name} set timezone = 'Asia/Tokyo';`);
  });
  afterAll(() => database?.drop());
  return {
    get url() {
      return database?.url ?? "";
    },
    admin: async (sql, values) => (await database?.owner.query(sql, values))?.rows ?? [],
  };
}
