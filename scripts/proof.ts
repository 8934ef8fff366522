/**
 * In charge of the long proof: `npm run proof -- --worlds 2000 [--seed 1] [--fresh]`. Worlds are proven in batches, each from
 * a seed of its own, through RLS and through GraphQL; what is done is written down, so that the next run goes on from there.
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { createPool } from "../src/database/pool.js";
import { createSessions } from "../src/database/session.js";
import { startGateway } from "../test/property/ask-gateway.js";
import { credentialsOf } from "../test/property/compare.js";
import { compareAccess } from "../test/property/compare-access.js";
import { compareWithGateway } from "../test/property/compare-gateway.js";
import { compareForms, formsFor, storeForms } from "../test/property/forms/compare.js";
import { makeForms } from "../test/property/forms/tables.js";
import { interfere } from "../test/property/interference.js";
import type { Credential } from "../test/property/oracle.js";
import { type ProofCluster, startProofCluster } from "../test/property/proof-cluster.js";
import { type ProofResult, proveWorlds } from "../test/property/prove-worlds.js";
import type { StoredWorld } from "../test/property/store-world.js";

interface Progress {
  readonly seed: number;
  readonly worlds: number;
  readonly decisions: number;
  readonly decisionsOverHttp: number;
  readonly answers: number;
  readonly seconds: number;
}

const batchSize = 20;
const nothing = { decisions: 0, disagreements: [] };
let world = 0;
const folder = new URL("../.data/", import.meta.url);
const progressFile = new URL("proof.json", folder);

const { values } = parseArgs({
  options: {
    worlds: { type: "string", default: "1000" },
    seed: { type: "string", default: "1" },
    stride: { type: "string", default: "1" },
    fresh: { type: "boolean", default: false },
  },
});
const goal = Number(values.worlds);
const seed = Number(values.seed);
const stride = Number(values.stride);

const cluster = await startProofCluster();
try {
  process.exitCode = (await prove(values.fresh ? start(seed) : await resume(seed))) ? 0 : 1;
} finally {
  await cluster.stop();
}

async function prove(from: Progress): Promise<boolean> {
  let progress = from;
  while (progress.worlds < goal) {
    const startedAt = Date.now();
    const result = await proveBatch(cluster, {
      seed: batchSeed(progress),
      worlds: Math.min(batchSize, goal - progress.worlds),
    });
    if (result.failure !== null) {
      console.log(`\n${result.failure}`);
      return false;
    }
    progress = add(progress, result, (Date.now() - startedAt) / 1000);
    await writeProgress(progress);
    show(progress);
  }
  console.log(`\n${summary(progress)}`);
  return true;
}

// A database of its own for each batch: tables stay small, and no batch leans on another.
async function proveBatch(
  on: ProofCluster,
  batch: { readonly seed: number; readonly worlds: number },
): Promise<ProofResult> {
  const database = await on.clone();
  const pool = createPool({ url: database.url, size: 2, acquireTimeoutMillis: 30_000, prepare: true });
  const gateway = await startGateway(database.url);
  const sessions = createSessions(pool);
  const { owner } = database;
  try {
    await makeForms(owner);
    return await proveWorlds({
      ...batch,
      owner,
      sessions,
      stride,
      limitMillis: 900_000,
      moreBySql: async (stored) => {
        const forms = formsFor(stored.world);
        await storeForms(owner, stored, forms);
        return compareForms(sessions, stored, forms);
      },
      byHttp: async (stored) => {
        const decided = await compareWithGateway(gateway, stored, 4);
        // what is told costs the most requests, and is asked in every fourth world
        world += 1;
        const told = world % 4 === 0 ? await compareAccess({ gateway, sessions }, stored) : nothing;
        return {
          decisions: decided.decisions + told.decisions,
          disagreements: [...decided.disagreements, ...told.disagreements],
        };
      },
      answers: (stored) => interfere({ owner, sessions, gateway, stored, who: someoneIn(stored) }),
    });
  } finally {
    await gateway.close();
    await pool.close();
    await database.drop();
  }
}

// Another one in each world, so that all kinds of callers have their turn.
function someoneIn(stored: StoredWorld): Credential {
  const callers = credentialsOf(stored).filter((who) => who.tenant !== null);
  return callers[world % callers.length] ?? { user: null, tenant: null };
}

function batchSeed({ seed: base, worlds }: Progress): number {
  return base * 1_000_003 + worlds;
}

function start(base: number): Progress {
  return { seed: base, worlds: 0, decisions: 0, decisionsOverHttp: 0, answers: 0, seconds: 0 };
}

async function resume(base: number): Promise<Progress> {
  const text = await readFile(progressFile, "utf8").catch(() => null);
  const saved = text === null ? null : (JSON.parse(text) as Progress);
  return saved?.seed === base ? saved : start(base);
}

async function writeProgress(progress: Progress): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(progressFile, JSON.stringify(progress));
}

function add(progress: Progress, result: ProofResult, seconds: number): Progress {
  return {
    seed: progress.seed,
    worlds: progress.worlds + result.worlds,
    decisions: progress.decisions + result.decisions,
    decisionsOverHttp: progress.decisionsOverHttp + result.decisionsOverHttp,
    answers: progress.answers + result.answers,
    seconds: progress.seconds + seconds,
  };
}

function show(progress: Progress): void {
  const width = 30;
  const done = Math.min(width, Math.round((progress.worlds / goal) * width));
  const bar = `${"#".repeat(done)}${".".repeat(width - done)}`;
  const line = `[${bar}] ${progress.worlds}/${goal} worlds, ${progress.decisions} decisions through RLS, ${progress.decisionsOverHttp} through GraphQL, ${progress.answers} answers`;
  if (process.stdout.isTTY) process.stdout.write(`\r${line}`);
  else console.log(line);
}

function summary(progress: Progress): string {
  const figures = [progress.decisions, progress.decisionsOverHttp, progress.answers];
  const [rls, http, answers] = figures.map((n) => n.toLocaleString("en"));
  return `${progress.worlds} worlds: ${rls} decisions through RLS and ${http} through GraphQL, ${answers} answers unmoved by hidden changes, 0 disagreements (seed ${progress.seed}, ${Math.round(progress.seconds)} s).`;
}
