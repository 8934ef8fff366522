/** In charge of a PostgreSQL for proofs that run outside of the test runner: the tests' own cluster, and copies of its template. */
import { randomBytes } from "node:crypto";
import pg from "pg";
import { setup, type TestCluster, templateDatabase } from "../support/global-setup.js";

/** A copy of the template. */
export interface ProofDatabase {
  readonly name: string;
  /** As `authenticator`. */
  readonly url: string;
  readonly adminUrl: string;
  readonly owner: pg.Pool;
  /** Ends the owner's connections, so that it can be copied. */
  close(): Promise<void>;
  drop(): Promise<void>;
}

/** A running cluster with a migrated and seeded template. */
export interface ProofCluster {
  /** What test files are told, to run on it. */
  readonly cluster: TestCluster;
  /** Copies the template, or another database of the cluster that nobody is connected to. */
  clone(template?: string): Promise<ProofDatabase>;
  stop(): Promise<void>;
}

/** Starts a cluster of its own, gone after `stop`. */
export async function startProofCluster(): Promise<ProofCluster> {
  let cluster: TestCluster | undefined;
  const provide = (_: string, value: TestCluster) => {
    cluster = value;
  };
  const stop = await setup({ provide });
  if (cluster === undefined) throw new RangeError("The cluster was not announced.");
  const { adminUrl, authenticatorPassword } = cluster;
  return { cluster, clone: (template = templateDatabase) => clone(adminUrl, authenticatorPassword, template), stop };
}

async function clone(clusterUrl: string, password: string, template: string): Promise<ProofDatabase> {
  const name = `proof_${randomBytes(6).toString("hex")}`;
  await run(clusterUrl, `create database ${name} template ${template}`);
  const admin = new URL(clusterUrl);
  admin.pathname = `/${name}`;
  const owner = new pg.Pool({ connectionString: admin.href, max: 4 });
  owner.on("error", () => undefined);
  let isOpen = true;
  const close = async () => {
    if (isOpen) await owner.end();
    isOpen = false;
  };
  const login = new URL(admin);
  [login.username, login.password] = ["authenticator", password];
  const drop = async () => {
    await close();
    await run(clusterUrl, `drop database if exists ${name} with (force)`);
  };
  return { name, url: login.href, adminUrl: admin.href, owner, close, drop };
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
