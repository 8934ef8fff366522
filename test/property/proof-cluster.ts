/** In charge of a PostgreSQL for proofs that run outside of the test runner: the tests' own cluster, and copies of its template. */
import { randomBytes } from "node:crypto";
import pg from "pg";
import type { TestProject } from "vitest/node";
import { setup, type TestCluster, templateDatabase } from "../support/global-setup.js";

/** A copy of the template. */
export interface ProofDatabase {
  /** As `authenticator`. */
  readonly url: string;
  readonly adminUrl: string;
  readonly owner: pg.Pool;
  drop(): Promise<void>;
}

/** A running cluster with a migrated and seeded template. */
export interface ProofCluster {
  clone(): Promise<ProofDatabase>;
  stop(): Promise<void>;
}

/** Starts a cluster of its own, gone after `stop`. */
export async function startProofCluster(): Promise<ProofCluster> {
  let cluster: TestCluster | undefined;
  const provide = (_: string, value: TestCluster) => {
    cluster = value;
  };
  const stop = await setup({ provide } as unknown as TestProject);
  if (cluster === undefined) throw new RangeError("The cluster was not announced.");
  const { adminUrl, authenticatorPassword } = cluster;
  return { clone: () => clone(adminUrl, authenticatorPassword), stop };
}

async function clone(clusterUrl: string, password: string): Promise<ProofDatabase> {
  const name = `proof_${randomBytes(6).toString("hex")}`;
  await run(clusterUrl, `create database ${name} template ${templateDatabase}`);
  const admin = new URL(clusterUrl);
  admin.pathname = `/${name}`;
  const owner = new pg.Pool({ connectionString: admin.href, max: 4 });
  owner.on("error", () => undefined);
  const login = new URL(admin);
  [login.username, login.password] = ["authenticator", password];
  const drop = async () => {
    await owner.end();
    await run(clusterUrl, `drop database if exists ${name} with (force)`);
  };
  return { url: login.href, adminUrl: admin.href, owner, drop };
}

async function run(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
