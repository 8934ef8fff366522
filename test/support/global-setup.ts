/**
 * In charge of the one PostgreSQL of a test run: started in a temporary folder, with a template database that is migrated
 * and seeded once. It ends with the run, however that ends.
 */
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { type DemoIssuer, ensureDemoIssuer } from "../../src/auth/demo-issuer.js";
import { seedDemoWorld } from "../../src/database/demo-world.js";
import { startEmbeddedPostgres } from "../../src/database/embedded.js";
import { migrate } from "../../src/database/migrate.js";
import { bootstrapRoles, ensureDatabase } from "../../src/database/roles.js";

/** What a test file learns of the run's cluster. */
export interface TestCluster {
  /** The superuser's address, in database `postgres`. */
  readonly adminUrl: string;
  readonly authenticatorPassword: string;
  /** What signs the demo world's tokens. */
  readonly demoIssuer: DemoIssuer;
}

declare module "vitest" {
  interface ProvidedContext {
    readonly cluster: TestCluster;
  }
}

/** The database that every test file gets a copy of. */
export const templateDatabase = process.env.PORTCULLIS_TEST_TEMPLATE ?? "portcullis_template";

const settings = {
  fsync: "off",
  synchronous_commit: "off",
  full_page_writes: "off",
  max_connections: "400",
  autovacuum: "off",
};

/**
 * Starts the cluster, on another version's programs when PORTCULLIS_TEST_POSTGRES names their folder or its Debian version.
 * With PORTCULLIS_TEST_CLUSTER (a TestCluster as JSON) the tests run on one that is there, and leave it running.
 */
export async function setup(project: Pick<TestProject, "provide">): Promise<() => Promise<void>> {
  const running = process.env.PORTCULLIS_TEST_CLUSTER;
  if (running) {
    project.provide("cluster", JSON.parse(running) as TestCluster);
    return async () => undefined;
  }
  const folder = await mkdtemp(join(tmpdir(), "portcullis-test-"));
  const removeFolder = () => rm(folder, { recursive: true, force: true });
  try {
    const stop = await startCluster(folder, project);
    return () => stop().finally(removeFolder);
  } catch (error) {
    await removeFolder();
    throw error;
  }
}

async function startCluster(folder: string, project: Pick<TestProject, "provide">): Promise<() => Promise<void>> {
  // mkdtemp closes it to everybody else, also to the user that PostgreSQL runs as.
  await chmod(folder, 0o711);
  const { adminUrl, authenticatorPassword, stop } = await startEmbeddedPostgres({
    dataFolder: folder,
    binaries: chosenBinaries(),
    settings,
  });
  try {
    const demoIssuer = await ensureDemoIssuer(folder);
    await prepareTemplate(adminUrl, authenticatorPassword, demoIssuer);
    project.provide("cluster", { adminUrl, authenticatorPassword, demoIssuer });
    return stop;
  } catch (error) {
    await stop();
    throw error;
  }
}

async function prepareTemplate(
  clusterUrl: string,
  authenticatorPassword: string,
  demoIssuer: DemoIssuer,
): Promise<void> {
  const adminUrl = await ensureDatabase(clusterUrl, templateDatabase);
  await bootstrapRoles({ adminUrl, authenticatorPassword });
  await migrate({ adminUrl });
  await seedDemoWorld(adminUrl, demoIssuer);
}

function chosenBinaries(): string | undefined {
  const chosen = process.env.PORTCULLIS_TEST_POSTGRES;
  if (!chosen) return undefined;
  return /^\d+$/.test(chosen) ? `/usr/lib/postgresql/${chosen}/bin` : chosen;
}
