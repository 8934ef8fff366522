/** In charge of a test file's own database: a copy of the migrated and seeded template, gone when the file is done. */
import { randomBytes } from "node:crypto";
import pg from "pg";
import { afterAll, beforeAll, inject } from "vitest";
import { templateDatabase } from "./global-setup.js";

/** A copy of the template. */
export interface TestDatabase {
  /** As `authenticator`: the only way in for the code under test. */
  readonly url: string;
  /** As the superuser: for what an administrator does. */
  readonly adminUrl: string;
  /** The superuser's connections, for arranging and for seeing what was written. RLS doesn't hold for them. */
  readonly owner: pg.Pool;
  /** Drops the copy, ending whatever is still connected to it. */
  drop(): Promise<void>;
}

/** Makes a copy of a database of the cluster, by default of the template. */
export async function createTestDatabase(template = templateDatabase): Promise<TestDatabase> {
  const { adminUrl: clusterUrl, authenticatorPassword } = inject("cluster");
  const name = `test_${randomBytes(8).toString("hex")}`;
  await onCluster(clusterUrl, `create database ${name} template ${template}`);
  const adminUrl = withDatabase(clusterUrl, name);
  const owner = new pg.Pool({ connectionString: adminUrl, max: 4 });
  owner.on("error", () => undefined);
  return {
    url: withLogin(adminUrl, "authenticator", authenticatorPassword),
    adminUrl,
    owner,
    drop: async () => {
      await owner.end();
      await onCluster(clusterUrl, `drop database if exists ${name} with (force)`);
    },
  };
}

/** A copy for the whole test file. Read its properties inside of tests and hooks only: it is made before the first. */
export function useTestDatabase(template = templateDatabase): TestDatabase {
  let database: TestDatabase | undefined;
  beforeAll(async () => {
    database = await createTestDatabase(template);
  });
  afterAll(async () => {
    await database?.drop();
  });
  const get = () => {
    if (database === undefined) throw new Error("The test's database is made in beforeAll; read it later.");
    return database;
  };
  return {
    get url() {
      return get().url;
    },
    get adminUrl() {
      return get().adminUrl;
    },
    get owner() {
      return get().owner;
    },
    drop: () => get().drop(),
  };
}

/** An empty database of the cluster: no schema, no seed. The roles are there, they belong to the cluster. */
export function createEmptyDatabase(): Promise<TestDatabase> {
  return createTestDatabase("template0");
}

async function onCluster(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

function withDatabase(address: string, name: string): string {
  const url = new URL(address);
  url.pathname = `/${name}`;
  return url.href;
}

function withLogin(address: string, user: string, password: string): string {
  const url = new URL(address);
  url.username = user;
  url.password = password;
  return url.href;
}
