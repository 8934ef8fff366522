/** In charge of trying to kill one mutant: trial after trial, until one notices. */
import type { Outcome } from "./memory.js";
import type { Mutant } from "./mutant.js";
import { fieldTrials } from "./of-schema.js";
import { type Trial, trialsFor } from "./trials.js";
import type { Workbench } from "./workbench.js";

/** What is said of a change that PostgreSQL doesn't take. */
export const noMutant = "PostgreSQL doesn't take the change";

/** Tries to kill a mutant, beginning with what killed it before. */
export async function kill(bench: Workbench, mutant: Mutant, last: Outcome | undefined): Promise<Outcome> {
  if (mutant.kind === "fields") return attempt(bench, fieldTrials(bench, mutant), last);
  if (!(await bench.break(mutant))) return { trial: noMutant, noticed: null };
  try {
    return await attempt(bench, trialsFor(bench, mutant), last);
  } finally {
    await bench.mend(mutant);
  }
}

async function attempt(bench: Workbench, trials: readonly Trial[], last: Outcome | undefined): Promise<Outcome> {
  const first = trials.find(({ id }) => id === last?.trial);
  const again = first?.again?.(last?.noticed ?? "") ?? first;
  for (const { id, run } of again === undefined ? trials : [again, ...trials]) {
    const noticed = await run(bench);
    if (noticed !== null) return { trial: id, noticed: inOneLine(noticed) };
  }
  return { trial: null, noticed: null };
}

function inOneLine(text: string): string {
  return text
    .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "…")
    .replaceAll("|", "/")
    .replaceAll(/\s+/g, " ")
    .slice(0, 160);
}
