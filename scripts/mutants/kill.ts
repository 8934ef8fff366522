/** In charge of trying to kill one mutant: the proofs in the order of its tag, until one of them disagrees. */
import type { Caller, TokenCaller } from "../../src/caller.js";
import { createPool } from "../../src/database/pool.js";
import { createSessions, type Sessions } from "../../src/database/session.js";
import { examine } from "../../src/doctor/examine.js";
import { GatewayError } from "../../src/errors.js";
import { declaredProtections } from "../../src/resources/protections.js";
import { compareWithDatabase } from "../../test/property/compare.js";
import { deaths, deathsOfActor, deathsOfKey, giveBobAKey, whoIsLeft } from "../../test/property/deaths.js";
import { liveThrough, stepsOf } from "../../test/property/histories.js";
import type { ProofCluster, ProofDatabase } from "../../test/property/proof-cluster.js";
import { readRegressions, sampleWorlds } from "../../test/property/prove-worlds.js";
import { rights, runRace, waits } from "../../test/property/races.js";
import { type StoredWorld, storeWorld } from "../../test/property/store-world.js";
import { bySql } from "../../test/property/try-by-sql.js";
import type { Mutant } from "./list.js";
import { filesAbout, readTestFiles, runTests } from "./run-tests.js";

/** What all mutants share: the cluster, a database with worlds in it to be copied, and what tests there are. */
export interface Arena {
  readonly cluster: ProofCluster;
  readonly stage: string;
  readonly worlds: readonly StoredWorld[];
  readonly files: Awaited<ReturnType<typeof readTestFiles>>;
  /** Whether a test file passes when nothing is broken. */
  readonly isSound: (path: string) => Promise<boolean>;
}

interface Ground {
  readonly arena: Arena;
  readonly database: ProofDatabase;
  readonly sessions: Sessions;
  readonly mutant: Mutant;
}

type Proof = (ground: Ground) => Promise<string | null>;

/** What is said of a change that PostgreSQL doesn't take. */
export const noMutant = "no mutant: PostgreSQL refused the change";

/** Prepares what all mutants share. */
export async function prepareArena(cluster: ProofCluster, howMany: number): Promise<Arena> {
  const stage = await cluster.clone();
  const regressions = (await readRegressions()).map(([, world]) => world);
  const worlds: StoredWorld[] = [];
  for (const [n, world] of [...regressions, ...sampleWorlds({ seed: 1, worlds: howMany })].entries())
    worlds.push(await storeWorld(stage.owner, world, `m${n}`));
  // those in which most happens notice most
  worlds.sort((a, b) => richness(b) - richness(a));
  await stage.close();
  const sound = new Map<string, Promise<boolean>>();
  const isSound = (path: string) => {
    const known = sound.get(path) ?? passes(cluster, path);
    sound.set(path, known);
    return known;
  };
  return { cluster, stage: stage.name, worlds, files: await readTestFiles(), isSound };
}

function richness({ world }: StoredWorld): number {
  return world.apiKeys.length + world.actings.length + world.grants.length + world.rows.length + world.groups.length;
}

async function passes(cluster: ProofCluster, path: string): Promise<boolean> {
  const whole = await cluster.clone();
  await whole.close();
  try {
    return (await runTests([path], { cluster: cluster.cluster, template: whole.name })) === null;
  } finally {
    await whole.drop();
  }
}

/** Says what killed the mutant, in words; null when nothing did. */
export async function kill(arena: Arena, mutant: Mutant): Promise<string | null> {
  const database = await arena.cluster.clone(arena.stage);
  const pool = createPool({ url: database.url, size: 6, acquireTimeoutMillis: 10_000, prepare: true });
  const sessions = createSessions(pool, { statementTimeoutMillis: 20_000 });
  try {
    const isBroken = await database.owner.query(mutant.sql).then(
      () => false,
      () => true,
    );
    if (isBroken) return noMutant;
    for (const proof of order[mutant.tag]) {
      const verdict = await proof({ arena, database, sessions, mutant }).catch(failureOf);
      if (verdict !== null) return verdict.replaceAll("|", "/").replaceAll("\n", " ").slice(0, 160);
    }
    return null;
  } finally {
    await pool.close();
    await database.drop();
  }
}

// A statement that was let through or filtered, and now fails, ends a proof: a disagreement. What a busy server does is none.
function failureOf(error: unknown): string {
  const { cause = error } = error instanceof GatewayError ? error : {};
  const { code } = cause as { readonly code?: unknown };
  if (typeof code !== "string" || /^(08|40|53|55|57|58|XX)/.test(code)) throw error;
  return `worlds: a statement fails with ${code}`;
}

const byWorlds: Proof = async ({ sessions, arena }) => {
  for (const stored of arena.worlds) {
    const [first] = (await compareWithDatabase(sessions, stored, 6)).disagreements;
    if (first !== undefined) return `worlds: ${withoutIds(first)}`;
  }
  return null;
};

// What nobody may run is tried in every world alike.
const byOneWorld: Proof = (ground) =>
  byWorlds({ ...ground, arena: { ...ground.arena, worlds: ground.arena.worlds.slice(0, 1) } });

// A sound database has no findings (test/database/doctor.test.ts).
const byDoctor: Proof = async ({ database }) => {
  const findings = await examine({
    adminUrl: database.adminUrl,
    login: "authenticator",
    protections: declaredProtections(),
  });
  return findings[0] === undefined ? null : `doctor: ${findings[0].id} ${findings[0].problem}`;
};

const byHistories: Proof = async ({ database, sessions, mutant }) => {
  for (const [n, world] of sampleWorlds({ seed: 7, worlds: 16 }).entries()) {
    const way = bySql(sessions);
    const steps = stepsOf(n, 40);
    const history = { owner: database.owner, way, world, label: `h${n}`, steps, focus: mutant.focus };
    const { faults } = await liveThrough(history);
    if (faults[0] !== undefined) return `histories: ${withoutIds(faults[0])}`;
  }
  return null;
};

// In a copy without the worlds: tests count what the demo world has.
const byTests: Proof = async ({ arena, mutant }) => {
  const about = mutant.tests ?? filesAbout(mutant.focus ?? "", arena.files);
  const sound = await Promise.all(about.map(arena.isSound));
  const paths = about.filter((_, n) => sound[n]);
  if (paths.length === 0) return null;
  const broken = await arena.cluster.clone();
  try {
    await broken.owner.query(mutant.sql);
    await broken.close();
    for (const path of paths) {
      const failed = await runTests([path], { cluster: arena.cluster.cluster, template: broken.name });
      if (failed !== null) return `${path}: ${failed}`;
    }
    return null;
  } finally {
    await broken.drop();
  }
};

const person = (subject: string): TokenCaller => ({
  kind: "token",
  issuer: "portcullis-demo",
  subject,
  tenant: null,
  actAs: null,
  expiresAt: 4_102_444_800,
});

const byDeaths: Proof = async ({ database, sessions }) => {
  const key = await giveBobAKey(database.owner);
  const { "the tenant is ended": endOfTenant = "" } = deaths;
  const ends: readonly (readonly [Caller, Readonly<Record<string, string>>])[] = [
    [person("bob@acme.test"), deaths],
    [{ ...person("alice@acme.test"), actAs: "bob@acme.test" }, deathsOfActor],
    [key, deathsOfKey],
    [{ kind: "anonymous", tenant: "acme" }, { "the tenant is ended": endOfTenant }],
  ];
  for (const [caller, ways] of ends) {
    for (const [name, death] of Object.entries(ways)) {
      const left = await whoIsLeft({ owner: database.owner, sessions, caller }, death);
      if (left.length > 0) return `deaths: ${name}, and the session goes on`;
    }
  }
  return null;
};

const byRaces: Proof = async ({ database, sessions }) => {
  const track = { owner: database.owner, sessions, host: person("alice@acme.test"), guest: person("bob@acme.test") };
  for (let n = 0; n < 20; n += 1) {
    const right = rights[n % rights.length] ?? "a share";
    const wait = waits[n % waits.length] ?? "update";
    if ((await runRace(track, { right, wait })).leaked) return `races: ${right}, ${wait}`;
  }
  return null;
};

const byCatalogue: Proof = async ({ database }) => {
  const { rows } = await database.owner.query<{ fault: string }>(`
    select c.oid::regclass || ' is not guarded by forced row-level security' as fault
    from pg_class c
    where c.relnamespace in ('iam'::regnamespace, 'public'::regnamespace)
      and c.relkind = 'r' and c.relname <> '_prisma_migrations'
      and not (c.relrowsecurity and c.relforcerowsecurity)`);
  return rows[0] === undefined ? null : `catalogue: ${rows[0].fault}`;
};

const order: Readonly<Record<Mutant["tag"], readonly Proof[]>> = {
  catalogue: [byCatalogue, byTests],
  deaths: [byDeaths, byWorlds, byTests],
  worlds: [byWorlds, byTests],
  privileges: [byOneWorld, byDoctor, byTests],
  histories: [byHistories, byTests],
  tests: [byTests, byHistories],
  races: [byRaces],
};

function withoutIds(text: string): string {
  return text.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "…");
}
