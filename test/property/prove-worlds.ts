/** In charge of proving many worlds from one seed, and of shrinking and keeping the one that fails. */
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import fc from "fast-check";
import type pg from "pg";
import type { Sessions } from "../../src/database/session.js";
import { arbitraryWorld } from "./arbitrary-world.js";
import { compareWithDatabase } from "./compare.js";
import type { Verdict } from "./notes.js";
import { type StoredWorld, storeWorld } from "./store-world.js";
import type { World } from "./world.js";

/** Where worlds are proven, and how many. */
export interface ProofRun {
  readonly owner: pg.Pool;
  readonly sessions: Sessions;
  readonly seed: number;
  readonly worlds: number;
  /** `iam.can` is asked for one in so many pairs of feature and place. */
  readonly stride: number;
  /** How long this may take, shrinking included. Default 280 s. */
  readonly limitMillis?: number;
  /** What is asked of the database besides. */
  readonly moreBySql?: (stored: StoredWorld) => Promise<Verdict>;
  /** What is asked over HTTP. */
  readonly byHttp?: (stored: StoredWorld) => Promise<Verdict>;
  /** Answers that are compared before and after hidden changes; asked last, since it changes the world. */
  readonly answers?: (stored: StoredWorld) => Promise<Verdict>;
}

/** How it went; `failure` tells the smallest world that disagrees, in words and where it was kept. */
export interface ProofResult {
  readonly worlds: number;
  readonly decisions: number;
  readonly decisionsOverHttp: number;
  readonly answers: number;
  readonly failure: string | null;
}

const regressions = new URL("./regressions/", import.meta.url);
let labels = 0;

/** Proves worlds until one disagrees. That one shrinks, and is kept as a regression case. */
export async function proveWorlds(run: ProofRun): Promise<ProofResult> {
  const count = { worlds: 0, decisions: 0, decisionsOverHttp: 0, answers: 0 };
  const property = fc.asyncProperty(arbitraryWorld, async (world) => {
    const verdict = await proveWorld(run, world);
    count.worlds += 1;
    count.decisions += verdict.decisions;
    count.decisionsOverHttp += verdict.decisionsOverHttp;
    count.answers += verdict.answers;
    if (verdict.disagreements.length > 0) throw new RangeError(verdict.disagreements.slice(0, 20).join("\n"));
  });
  const details = await fc.check(property, {
    seed: run.seed,
    numRuns: run.worlds,
    interruptAfterTimeLimit: run.limitMillis ?? 280_000,
  });
  if (!details.failed || details.counterexample === null) return { ...count, failure: null };
  const [world] = details.counterexample;
  const reason = details.errorInstance instanceof Error ? details.errorInstance.message : String(details.errorInstance);
  return { ...count, failure: `${reason}\nKept in ${await keep(world)}` };
}

/** Worlds of a seed, to be proven without shrinking. */
export function sampleWorlds({ seed, worlds }: Pick<ProofRun, "seed" | "worlds">): readonly World[] {
  return fc.sample(arbitraryWorld, { seed, numRuns: worlds });
}

const nothing: Verdict = { decisions: 0, disagreements: [] };

/** Proves one world. */
export async function proveWorld(run: Omit<ProofRun, "seed" | "worlds">, world: World) {
  const stored = await storeWorld(run.owner, world, `w${process.pid}n${labels++}`);
  const bySql = await compareWithDatabase(run.sessions, stored, { stride: run.stride });
  const moreBySql = (await run.moreBySql?.(stored)) ?? nothing;
  const byHttp = (await run.byHttp?.(stored)) ?? nothing;
  const answers = (await run.answers?.(stored)) ?? nothing;
  return {
    decisions: bySql.decisions + moreBySql.decisions,
    decisionsOverHttp: byHttp.decisions,
    answers: answers.decisions,
    disagreements: [bySql, moreBySql, byHttp, answers].flatMap(({ disagreements }) => disagreements),
  };
}

/** The worlds that once disagreed, by file name. */
export async function readRegressions(): Promise<ReadonlyArray<readonly [string, World]>> {
  const names = (await readdir(regressions).catch(() => [])).filter((name) => name.endsWith(".json"));
  return Promise.all(
    names.sort().map(async (name) => [name, JSON.parse(await readFile(new URL(name, regressions), "utf8"))] as const),
  );
}

async function keep(world: World): Promise<string> {
  const text = JSON.stringify(world, null, 2);
  const name = `${createHash("sha256").update(text).digest("hex").slice(0, 12)}.json`;
  await mkdir(regressions, { recursive: true });
  await writeFile(new URL(name, regressions), `${text}\n`);
  return `test/property/regressions/${name}`;
}
