/**
 * In charge of breaking one guard at a time: `npx tsx scripts/mutants.ts [--only regex] [--worlds 60] [--workers 2] [--out file]`.
 * Each mutant is a change to a copy of the database: a policy dropped or opened, a privilege widened, a check or a lock taken
 * out of a function; or a field of the schema opened to everybody. Then the proofs that stand for that guard run until one
 * of them disagrees. Who survives is told at the end.
 */
import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { startProofCluster } from "../test/property/proof-cluster.js";
import { type Arena, kill, noMutant, prepareArena } from "./mutants/kill.js";
import { listMutants } from "./mutants/list.js";
import { killField, listSchemaMutants } from "./mutants/schema-mutants.js";

const { values } = parseArgs({
  options: {
    only: { type: "string", default: "" },
    out: { type: "string", default: ".data/mutants.md" },
    worlds: { type: "string", default: "60" },
    workers: { type: "string", default: "2" },
  },
});

/** A broken guard, and what tries to notice. */
interface Mutant {
  readonly name: string;
  readonly kill: () => Promise<string | null>;
}

interface Outcome {
  readonly mutant: Mutant;
  readonly killer: string | null;
}

const startedAt = Date.now();
const cluster = await startProofCluster();
try {
  const outcomes = await runAll(await prepareArena(cluster, Number(values.worlds)));
  const survivors = outcomes.filter((outcome) => outcome.killer === null);
  await writeFile(values.out, report(outcomes));
  for (const { mutant } of survivors) console.log(`survived: ${mutant.name}`);
  const seconds = Math.round((Date.now() - startedAt) / 1000);
  console.log(`${outcomes.length} mutants, ${outcomes.length - survivors.length} killed (${seconds} s).`);
  process.exitCode = survivors.length === 0 ? 0 : 1;
} finally {
  await cluster.stop();
}

async function runAll(arena: Arena): Promise<readonly Outcome[]> {
  const origin = await cluster.clone();
  const all: readonly Mutant[] = [
    ...(await listMutants(origin.owner)).map((mutant) => ({ name: mutant.name, kill: () => kill(arena, mutant) })),
    ...listSchemaMutants().map((mutant) => ({ name: mutant.name, kill: () => killField(arena, mutant) })),
  ];
  const mutants = all.filter((mutant) => new RegExp(values.only).test(mutant.name));
  await origin.drop();
  const outcomes: Outcome[] = [];
  let next = 0;
  const work = async () => {
    for (let mutant = mutants[next++]; mutant !== undefined; mutant = mutants[next++]) {
      const since = Date.now();
      // a server that was too busy for the proof says nothing about the mutant
      const killer = await mutant.kill().catch(() => mutant.kill().catch(() => null));
      if (killer !== noMutant) outcomes.push({ mutant, killer });
      const seconds = ((Date.now() - since) / 1000).toFixed(1);
      const verdict = killer === null ? "SURVIVED" : "killed";
      console.log(`${outcomes.length}/${mutants.length} ${verdict} ${mutant.name} (${seconds} s) ${killer ?? ""}`);
    }
  };
  await Promise.all(Array.from({ length: Number(values.workers) }, work));
  return outcomes.toSorted((a, b) => a.mutant.name.localeCompare(b.mutant.name));
}

function report(outcomes: readonly Outcome[]): string {
  const rows = outcomes.map(({ mutant, killer }) => `| \`${mutant.name}\` | ${killer ?? "**survived**"} |`);
  return ["| mutant | killed by |", "|---|---|", ...rows, ""].join("\n");
}
