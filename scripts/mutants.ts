/**
 * In charge of breaking one guard at a time: `npx tsx scripts/mutants.ts [--only regex] [--workers 2] [--out docs/mutants.md]`.
 * Each mutant is a change to a copy of the database: a policy dropped or opened, a privilege widened, a check or a lock taken
 * out of a function; or a field of the schema opened to everybody. Then the proofs that stand for that guard run until one
 * of them notices. What was found out is kept in .data: a later run tries the survivors again, and what has changed.
 * `--again` tries all of them, `--list` only prints the list, `--worlds 60` says how many worlds are asked.
 */
import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { startProofCluster } from "../test/property/proof-cluster.js";
import { kill } from "./mutants/kill.js";
import { type List, listMutants } from "./mutants/list.js";
import { openMemory } from "./mutants/memory.js";
import type { Mutant } from "./mutants/mutant.js";
import { type Found, report, summary } from "./mutants/report.js";
import { openWorkbench, openWorkshop } from "./mutants/workbench.js";

const { values } = parseArgs({
  options: {
    again: { type: "boolean", default: false },
    list: { type: "boolean", default: false },
    memory: { type: "string", default: ".data/mutants.json" },
    only: { type: "string", default: "" },
    out: { type: "string" },
    worlds: { type: "string", default: "60" },
    workers: { type: "string", default: "2" },
  },
});

const startedAt = Date.now();
const memory = openMemory(values.memory);
const cluster = await startProofCluster();
try {
  const origin = await cluster.clone();
  const list = await listMutants(origin.owner);
  await origin.close();
  for (const name of list.stale) console.log(`A reason for nothing: ${name}`);
  if (!values.list) await tryAll(list.mutants.filter(({ name }) => new RegExp(values.only).test(name)));
  await tell(list);
} finally {
  await cluster.stop();
}
process.exit();

function isKilled(mutant: Mutant): boolean {
  return (memory.recall(mutant)?.trial ?? null) !== null;
}

function wasTried(mutant: Mutant): boolean {
  return memory.recall(mutant) !== undefined;
}

async function tryAll(chosen: readonly Mutant[]): Promise<void> {
  // survivors take longest: what wasn't tried yet comes before them
  const left = chosen.filter((mutant) => !isKilled(mutant));
  const queue = values.again ? [...chosen] : [...left.filter((mutant) => !wasTried(mutant)), ...left.filter(wasTried)];
  console.log(`${queue.length} of ${chosen.length} mutants to try.`);
  if (queue.length === 0) return;
  const workshop = await openWorkshop(cluster, Number(values.worlds));
  let tried = 0;
  const work = async () => {
    const bench = await openWorkbench(workshop);
    for (let mutant = queue[tried++]; mutant !== undefined; mutant = queue[tried++]) {
      const [n, since] = [tried, Date.now()];
      const tell = (words: string) =>
        console.log(`${n}/${queue.length} ${words} (${((Date.now() - since) / 1000).toFixed(1)} s)`);
      try {
        const outcome = await kill(bench, mutant, memory.hint(mutant));
        memory.keep(mutant, outcome);
        tell(
          `${outcome.trial === null ? "SURVIVED " : ""}${mutant.name} <- ${outcome.noticed ?? outcome.trial ?? "nobody"}`,
        );
      } catch (error) {
        // a server that was too busy for the proof says nothing about the mutant
        tell(`UNDECIDED ${mutant.name}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    await bench.close();
  };
  await Promise.all(Array.from({ length: Number(values.workers) }, work));
}

async function tell({ mutants, equivalent }: List): Promise<void> {
  const found = mutants.map((mutant): Found => [mutant, memory.recall(mutant)]);
  for (const [{ kind, name }, outcome] of found)
    if (values.list || outcome?.trial === null) console.log(`${kind}: ${name} <- ${outcome?.noticed ?? "nobody"}`);
  if (values.out !== undefined) await writeFile(values.out, report(found, equivalent));
  console.log(`${summary(found)} (${Math.round((Date.now() - startedAt) / 1000)} s).`);
  process.exitCode = found.every(([mutant]) => isKilled(mutant)) ? 0 : 1;
}
