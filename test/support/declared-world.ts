/**
 * In charge of the demo world with other declarations: its tables are guarded anew as `portcullis protect` would, and a
 * gateway answers with the types that follow. One per test file: there is one builder.
 */
import { inspect } from "node:util";
import type { GraphQLSchema } from "graphql";
import { afterAll, beforeAll, inject } from "vitest";
import { signDemoToken } from "../../src/auth/demo-issuer.js";
import { builder } from "../../src/builder/builder.js";
import { touchApiKey } from "../../src/database/api-keys.js";
import { createPool, type Pool } from "../../src/database/pool.js";
import { readMigrations } from "../../src/database/prisma-files.js";
import { createSessions } from "../../src/database/session.js";
import { protectScript } from "../../src/protect/policies/migration.js";
import { protectionOf } from "../../src/protect/policies/protection-of.js";
import { protect } from "../../src/protect/protect.js";
import type { Resource } from "../../src/protect/resource.js";
import { resources } from "../../src/resources/resources.js";
// A schema has at least one subscription.
import "../../src/schema/permissions/permissions-changed.js";
import { dataOf, type Refusal, refusalOf } from "./asking.js";
import { type TestDatabase, useTestDatabase } from "./database.js";
import { type Answer, createTestGateway, type TestGateway } from "./gateway.js";

type Headers = Readonly<Record<string, string>>;

/** The demo world as these declarations have it. */
export interface DeclaredWorld {
  readonly database: TestDatabase;
  readonly schema: GraphQLSchema;
  /** Asks as a member by his first name (`bob`, `carol@globex`), or as nobody. */
  as(who: string | null, query: string, headers?: Headers): Promise<Answer>;
  /** The data. Fails when anything went wrong. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  reads(who: string | null, query: string, headers?: Headers): Promise<any>;
  /** The first error. Fails when nothing went wrong. */
  refuses(who: string | null, query: string, headers?: Headers): Promise<Refusal>;
}

/** The demo world with these declarations in the place of its own; `tables` is what their tables need first. */
export function useDeclaredWorld(declared: readonly Resource[], tables = ""): DeclaredWorld {
  const database = useTestDatabase();
  const names = new Set(declared.map(({ name }) => name));
  const all = [...resources.filter(({ name }) => !names.has(name)), ...declared];
  protect(all);
  const schema = builder.toSchema();
  let pool: Pool | undefined;
  let gateway: TestGateway | undefined;
  beforeAll(async () => {
    await database.owner.query(tables);
    for (const script of await scriptsOf(declared, all)) await database.owner.query(`begin; ${script}; commit;`);
    const opened = createPool({ url: database.url, size: 4, acquireTimeoutMillis: 20_000, prepare: true });
    pool = opened;
    gateway = createTestGateway({
      schema,
      sessions: createSessions(opened),
      providerRows: () => opened.query({ sql: "select * from iam.list_providers()", parameters: [] }),
      touchApiKey: (publicId) => touchApiKey(opened, publicId),
    });
  });
  afterAll(() => pool?.close());
  const as: DeclaredWorld["as"] = async (who, query, headers = {}) => {
    if (gateway === undefined) throw new TypeError("The world is made in beforeAll; use it later.");
    const answer = await gateway.as(who && (await tokenOf(who)), headers).query(query);
    if (answer.status === 500) throw new TypeError(`The gateway failed: ${inspect(gateway.logged.at(-1))}`);
    return answer;
  };
  return {
    database,
    schema,
    as,
    reads: async (...asked) => dataOf(await as(...asked)),
    refuses: async (...asked) => refusalOf(await as(...asked)),
  };
}

async function scriptsOf(declared: readonly Resource[], all: readonly Resource[]): Promise<readonly string[]> {
  const { migrationDirectories } = await readMigrations();
  const migrations = migrationDirectories.map(({ path, migrationFile }) => ({
    name: path,
    script: migrationFile.content.value,
  }));
  const byName = new Map(all.map((resource) => [resource.name as string, resource]));
  return declared.flatMap((resource) => {
    const script = protectScript(protectionOf(resource, byName), { migrations, tables: "", seeds: "" });
    return script === null ? [] : [script];
  });
}

function tokenOf(who: string): Promise<string> {
  const email = who.includes("@") ? `${who}.test` : `${who}@acme.test`;
  return signDemoToken(inject("cluster").demoIssuer, { subject: email, email, lifetimeSeconds: 600 });
}
