/** In charge of trying to kill one mutant: the proofs in the order of its tag, until one of them disagrees. */
import type { Caller } from "../../src/caller.js";
import { createPool } from "../../src/database/pool.js";
import { createSessions, type Sessions } from "../../src/database/session.js";
import { compareWithDatabase } from "../../test/property/compare.js";
import { deaths, whoIsLeft } from "../../test/property/deaths.js";
import { liveThrough } from "../../test/property/histories.js";
import type { ProofCluster, ProofDatabase } from "../../test/property/proof-cluster.js";
import { readRegressions, sampleWorlds } from "../../test/property/prove-worlds.js";
import { rights, runRace, waits } from "../../test/property/races.js";
import { storeWorld } from "../../test/property/store-world.js";
import type { Mutant } from "./list.js";

interface Ground {
  readonly database: ProofDatabase;
  readonly sessions: Sessions;
  readonly mutant: Mutant;
}

type Proof = (ground: Ground) => Promise<string | null>;

/** What is said of a change that PostgreSQL doesn't take. */
export const noMutant = "no mutant: PostgreSQL refused the change";

/** Says what killed the mutant, in words; null when nothing did. */
export async function kill(cluster: ProofCluster, mutant: Mutant): Promise<string | null> {
  const database = await cluster.clone();
  const pool = createPool({ url: database.url, size: 6, acquireTimeoutMillis: 10_000, prepare: true });
  const sessions = createSessions(pool, { statementTimeoutMillis: 20_000 });
  try {
    const isBroken = await database.owner.query(mutant.sql).then(
      () => false,
      () => true,
    );
    if (isBroken) return noMutant;
    for (const proof of order[mutant.tag]) {
      const verdict = await proof({ database, sessions, mutant }).catch(
        (error: unknown) => `failed: ${String(error).slice(0, 120)}`,
      );
      if (verdict !== null) return verdict.replaceAll("|", "/").replaceAll("\n", " ").slice(0, 160);
    }
    return null;
  } finally {
    await pool.close();
    await database.drop();
  }
}

const byWorlds: Proof = async ({ database, sessions }) => {
  const worlds = [...(await readRegressions()).map(([, world]) => world), ...sampleWorlds({ seed: 1, worlds: 60 })];
  for (const [n, world] of worlds.entries()) {
    const verdict = await compareWithDatabase(sessions, await storeWorld(database.owner, world, `m${n}`), 6);
    const [first] = verdict.disagreements;
    if (first !== undefined) return `worlds: ${withoutIds(first)}`;
  }
  return null;
};

const byHistories: Proof = async ({ database, sessions, mutant }) => {
  for (const [n, world] of sampleWorlds({ seed: 7, worlds: 30 }).entries()) {
    const history = { owner: database.owner, sessions, world, label: `h${n}`, seed: n, steps: 40, focus: mutant.focus };
    const { faults } = await liveThrough(history);
    if (faults[0] !== undefined) return `histories: ${withoutIds(faults[0])}`;
  }
  return null;
};

const person = (subject: string): Caller => ({
  kind: "token",
  issuer: "portcullis-demo",
  subject,
  tenant: null,
  actAs: null,
  expiresAt: 4_102_444_800,
});

const byDeaths: Proof = async ({ database, sessions }) => {
  for (const caller of [person("bob@acme.test"), { kind: "anonymous", tenant: "acme" } as const]) {
    for (const [name, death] of Object.entries(deaths)) {
      if (caller.kind === "anonymous" && name !== "the tenant is ended") continue;
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
  catalogue: [byCatalogue],
  worlds: [byDeaths, byWorlds],
  histories: [byHistories, byWorlds],
  races: [byRaces],
};

function withoutIds(text: string): string {
  return text.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "…");
}
