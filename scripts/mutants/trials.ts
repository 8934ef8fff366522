/** In charge of the trials that a mutant of the database goes through, in the order in which they most likely notice it. */
import type { Caller, TokenCaller } from "../../src/caller.js";
import { createPool } from "../../src/database/pool.js";
import { createSessions, type Sessions } from "../../src/database/session.js";
import { examine } from "../../src/doctor/examine.js";
import { GatewayError } from "../../src/errors.js";
import { declaredProtections } from "../../src/resources/protections.js";
import { startGateway } from "../../test/property/ask-gateway.js";
import { compareWithDatabase } from "../../test/property/compare.js";
import { compareAccess } from "../../test/property/compare-access.js";
import { compareExplanations } from "../../test/property/compare-explanations.js";
import { deaths, deathsOfActor, deathsOfKey, giveBobAKey, whoIsLeft } from "../../test/property/deaths.js";
import { liveThrough, stepsOf } from "../../test/property/histories.js";
import type { ProofDatabase } from "../../test/property/proof-cluster.js";
import { sampleWorlds } from "../../test/property/prove-worlds.js";
import { rights, runRace, waits } from "../../test/property/races.js";
import { storeWorld } from "../../test/property/store-world.js";
import { bySql } from "../../test/property/try-by-sql.js";
import type { DatabaseMutant } from "./mutant.js";
import type { Tests } from "./run-tests.js";
import { testsAbout } from "./tests-about.js";
import type { Workbench } from "./workbench.js";

/** One attempt to notice that something is broken. */
export interface Trial {
  readonly id: string;
  /** What was noticed, in words; null when nothing was. */
  readonly run: (bench: Workbench) => Promise<string | null>;
  /** Whether it runs on the stage, whose worlds must be as they were stored. */
  readonly isOnStage?: boolean;
  /** The part of it that noticed something before. */
  readonly again?: (noticed: string) => Trial;
}

/** Everything that stands for a guard. */
export function trialsFor({ worlds, files }: Workbench, mutant: DatabaseMutant): readonly Trial[] {
  const inWorlds = worlds.map((_, n) => inWorld(n));
  const lives = Array.from({ length: 16 }, (_, n) => history(n, mutant.focus));
  const named = (mutant.tests ?? []).map((path) => inTests({ path }));
  const about = mutant.focus === undefined ? [] : testsAbout(mutant.focus, files);
  const tests = [...named, ...about.map(inTests)];
  const orders: Readonly<Record<DatabaseMutant["tag"], readonly Trial[]>> = {
    catalogue: [catalogue, ...tests],
    deaths: [allDeaths, ...inWorlds.slice(0, 4), ...tests, ...inWorlds.slice(4)],
    // the doctor last: to it every policy that isn't the declared one is a finding
    worlds: [...inWorlds.slice(0, 4), ...tests, ...inWorlds.slice(4), doctor],
    // what nobody may run is tried in every world alike
    privileges: [...inWorlds.slice(-1), doctor, ...tests],
    histories: [...tests, ...lives],
    reads: [...tests, doctor],
    telling: [...tests, ...inWorlds.slice(0, 4), explained(0), access(0), explained(1)],
    tests: [...tests, doctor, ...lives],
    races: [races],
  };
  return orders[mutant.tag];
}

function inWorld(n: number): Trial {
  return {
    id: `world ${n}`,
    isOnStage: true,
    run: async ({ sessions, worlds }) => {
      const stored = worlds[n];
      if (stored === undefined) return null;
      const { disagreements } = await compareWithDatabase(sessions, stored, { stride: 6, isBrief: true }).catch(
        failureOf,
      );
      return disagreements[0] === undefined ? null : `worlds: ${disagreements[0]}`;
    },
  };
}

// A statement that was let through or filtered, and now fails, ends a trial: a disagreement. What a busy server does is none.
function failureOf(error: unknown): { readonly disagreements: readonly string[] } {
  const { cause = error } = error instanceof GatewayError ? error : {};
  const { code } = cause as { readonly code?: unknown };
  if (typeof code !== "string" || /^(08|40|53|55|57|58|XX)/.test(code)) throw error;
  return { disagreements: [`a statement fails with ${code}`] };
}

function history(n: number, focus: string | undefined): Trial {
  return {
    id: `history ${n}`,
    run: (bench) =>
      inCopy(bench, async ({ owner }, sessions) => {
        const [world] = sampleWorlds({ seed: 7 + n, worlds: 1 });
        if (world === undefined) return null;
        const [way, steps] = [bySql(sessions), stepsOf(n, 40)];
        const { faults } = await liveThrough({ owner, way, world, label: `h${n}`, steps, focus });
        return faults[0] === undefined ? null : `histories: ${faults[0]}`;
      }),
  };
}

// What is explained and listed is what then happens.
function explained(n: number): Trial {
  return {
    id: `explained ${n}`,
    run: (bench) =>
      inCopy(bench, async ({ owner }, sessions) => {
        const [world] = sampleWorlds({ seed: 5 + n, worlds: 1 });
        if (world === undefined) return null;
        const stored = await storeWorld(owner, world, `e${n}`);
        const compared = compareExplanations({ owner, sessions, stride: 4 }, stored);
        const { disagreements } = await compared.catch(failureOf);
        return disagreements[0] === undefined ? null : `explanations: ${disagreements[0]}`;
      }),
  };
}

// What GraphQL says one may do is what then happens.
function access(n: number): Trial {
  return {
    id: `access ${n}`,
    isOnStage: true,
    run: async ({ stage, sessions, worlds }) => {
      const stored = worlds[n];
      if (stored === undefined) return null;
      const gateway = await startGateway(stage.url);
      try {
        const { disagreements } = await compareAccess({ gateway, sessions }, stored).catch(failureOf);
        return disagreements[0] === undefined ? null : `access: ${disagreements[0]}`;
      } finally {
        await gateway.close();
      }
    },
  };
}

function inTests(tests: Tests): Trial {
  const { path } = tests;
  return {
    id: path,
    run: async (bench) => {
      const failed = await bench.runTests(tests);
      return failed === null ? null : `${path}: ${failed}`;
    },
    again: (noticed) => {
      const name = noticed.slice(path.length + 2).replaceAll(/[^\w ]/g, ".");
      return { ...inTests({ path, named: new RegExp(name) }), id: path };
    },
  };
}

// A sound database has no findings (test/database/doctor.test.ts).
const doctor: Trial = {
  id: "doctor",
  run: async ({ stage: { adminUrl } }) => {
    const [found] = await examine({ adminUrl, login: "authenticator", protections: declaredProtections() });
    return found === undefined ? null : `doctor: ${found.id} ${found.problem}`;
  },
};

const person = (subject: string): TokenCaller => ({
  kind: "token",
  issuer: "portcullis-demo",
  subject,
  tenant: null,
  actAs: null,
  expiresAt: 4_102_444_800,
});

// Each death is undone for everybody: worlds of people who were dead before don't outlive it.
const allDeaths: Trial = {
  id: "deaths",
  run: (bench) =>
    inCopy(bench, async ({ owner }, sessions) => {
      const key = await giveBobAKey(owner);
      const { "the tenant is ended": endOfTenant = "" } = deaths;
      const ends: readonly (readonly [Caller, Readonly<Record<string, string>>])[] = [
        [person("bob@acme.test"), deaths],
        [{ ...person("alice@acme.test"), actAs: "bob@acme.test" }, deathsOfActor],
        [key, deathsOfKey],
        [{ kind: "anonymous", tenant: "acme" }, { "the tenant is ended": endOfTenant }],
      ];
      for (const [caller, ways] of ends) {
        for (const [name, death] of Object.entries(ways)) {
          const left = await whoIsLeft({ owner, sessions, caller }, death);
          if (left.length > 0) return `deaths: ${name}, and the session goes on`;
        }
      }
      return null;
    }),
};

const races: Trial = {
  id: "races",
  run: (bench) =>
    inCopy(bench, async ({ owner }, sessions) => {
      const track = { owner, sessions, host: person("alice@acme.test"), guest: person("bob@acme.test") };
      for (let n = 0; n < 20; n += 1) {
        const right = rights[n % rights.length] ?? "a share";
        const wait = waits[n % waits.length] ?? "update";
        if ((await runRace(track, { right, wait })).leaked) return `races: ${right}, ${wait}`;
      }
      return null;
    }),
};

const catalogue: Trial = {
  id: "catalogue",
  run: async ({ stage: { owner } }) => {
    const { rows } = await owner.query<{ fault: string }>(`
      select c.oid::regclass || ' is not guarded by forced row-level security' as fault
      from pg_class c
      where c.relnamespace in ('iam'::regnamespace, 'public'::regnamespace)
        and c.relkind = 'r' and c.relname <> '_prisma_migrations'
        and not (c.relrowsecurity and c.relforcerowsecurity)`);
    return rows[0] === undefined ? null : `catalogue: ${rows[0].fault}`;
  },
};

async function inCopy(
  bench: Workbench,
  work: (copy: ProofDatabase, sessions: Sessions) => Promise<string | null>,
): Promise<string | null> {
  const copy = await bench.copy();
  const pool = createPool({ url: copy.url, size: 6, acquireTimeoutMillis: 20_000, prepare: true });
  try {
    return await work(copy, createSessions(pool, { statementTimeoutMillis: 20_000 }));
  } finally {
    await pool.close();
    await copy.close();
  }
}
