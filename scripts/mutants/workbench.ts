/** In charge of the databases that one worker breaks and mends: one with worlds in it, and one for tests to copy. */
import pg from "pg";
import { createPool } from "../../src/database/pool.js";
import { createSessions, type Sessions } from "../../src/database/session.js";
import type { ProofCluster, ProofDatabase } from "../../test/property/proof-cluster.js";
import { readRegressions, sampleWorlds } from "../../test/property/prove-worlds.js";
import { type StoredWorld, storeWorld } from "../../test/property/store-world.js";
import type { DatabaseMutant } from "./mutant.js";
import { startTestRunner, type Tests } from "./run-tests.js";
import { readTestFiles, type TestFile } from "./tests-about.js";

/** Where one worker's mutants live, one at a time. */
export interface Workbench {
  /** With worlds in it. Whatever is tried there is undone. */
  readonly stage: ProofDatabase;
  readonly sessions: Sessions;
  readonly worlds: readonly StoredWorld[];
  readonly files: readonly TestFile[];
  /** A copy without the worlds, broken as the stage is, in which anything may be done; gone with the cluster. */
  copy(): Promise<ProofDatabase>;
  /** The name of the test that failed first; null when none did, or when it fails with nothing broken as well. */
  runTests(tests: Tests): Promise<string | null>;
  /** Breaks a guard in all databases; false when PostgreSQL doesn't take the change. */
  break(mutant: DatabaseMutant): Promise<boolean>;
  mend(mutant: DatabaseMutant): Promise<void>;
  close(): Promise<void>;
}

/** What every worker's bench is made from. */
export interface Workshop {
  readonly cluster: ProofCluster;
  readonly stage: string;
  readonly worlds: readonly StoredWorld[];
  readonly files: readonly TestFile[];
}

/** Stores the worlds, once for all workers. */
export async function openWorkshop(cluster: ProofCluster, howMany: number): Promise<Workshop> {
  const stage = await cluster.clone();
  const regressions = (await readRegressions()).map(([, world]) => world);
  const worlds: StoredWorld[] = [];
  for (const [n, world] of [...regressions, ...sampleWorlds({ seed: 1, worlds: howMany })].entries())
    worlds.push(await storeWorld(stage.owner, world, `m${n}`));
  // those in which most happens notice most
  worlds.sort((a, b) => richness(b) - richness(a));
  await stage.close();
  return { cluster, stage: stage.name, worlds, files: await readTestFiles() };
}

function richness({ world }: StoredWorld): number {
  return world.apiKeys.length + world.actings.length + world.grants.length + world.rows.length + world.groups.length;
}

/** Makes a worker's bench. */
export async function openWorkbench({ cluster, stage: template, worlds, files }: Workshop): Promise<Workbench> {
  const [stage, bare, whole] = [await cluster.clone(template), await cluster.clone(), await cluster.clone()];
  await Promise.all([bare.close(), whole.close()]);
  const pool = createPool({ url: stage.url, size: 6, acquireTimeoutMillis: 20_000, prepare: true });
  const broken = await startTestRunner({ cluster: cluster.cluster, template: bare.name });
  const sound = await startTestRunner({ cluster: cluster.cluster, template: whole.name });
  const intact = await fingerprint(bare.adminUrl);
  const soundness = new Map<string, boolean>();
  const isSound = async (path: string): Promise<boolean> => {
    const known = soundness.get(path) ?? (await sound.run({ path })) === null;
    soundness.set(path, known);
    return known;
  };
  return {
    stage,
    sessions: createSessions(pool, { statementTimeoutMillis: 20_000 }),
    worlds,
    files,
    copy: () => cluster.clone(bare.name),
    runTests: async (tests) => {
      const failed = soundness.get(tests.path) === false ? null : await broken.run(tests);
      return failed !== null && (await isSound(tests.path)) ? failed : null;
    },
    break: async ({ sql }) => {
      const isTaken = await run(bare.adminUrl, sql).then(
        () => true,
        () => false,
      );
      if (isTaken) await stage.owner.query(sql);
      return isTaken;
    },
    mend: async ({ name, undo }) => {
      await Promise.all([stage.owner.query(undo), run(bare.adminUrl, undo)]);
      const found = await Promise.all([stage.adminUrl, bare.adminUrl].map(fingerprint));
      if (found.some((one) => one !== intact)) throw new RangeError(`Not mended: ${name}`);
    },
    close: async () => {
      await Promise.all([pool.close(), broken.close(), sound.close(), stage.close()]);
    },
  };
}

// Every guard that a mutant can break, in one value.
async function fingerprint(url: string): Promise<unknown> {
  const [found] = await run(
    url,
    `select md5(string_agg(fact, ' ' order by fact)) as facts
     from (
       select pg_get_functiondef(p.oid) || coalesce(p.proacl::text, '') from pg_proc p where p.pronamespace = 'iam'::regnamespace and p.prokind = 'f'
       union all
       select p::text from pg_policies p
       union all
       select concat(c.oid::regclass, c.relacl, c.relrowsecurity, c.relforcerowsecurity)
       from pg_class c where c.relnamespace in ('iam'::regnamespace, 'public'::regnamespace)
       union all
       select concat(a.attrelid::regclass, a.attname, a.attacl)
       from pg_attribute a join pg_class c on c.oid = a.attrelid and c.relnamespace in ('iam'::regnamespace, 'public'::regnamespace)
       union all
       select concat(t.tgrelid::regclass, t.tgname, t.tgenabled) from pg_trigger t where not t.tgisinternal
     ) guards (fact)`,
  );
  return found?.facts;
}

async function run(url: string, statement: string): Promise<ReadonlyArray<{ readonly facts?: unknown }>> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ facts?: unknown }>(statement);
    return rows ?? [];
  } finally {
    await client.end();
  }
}
