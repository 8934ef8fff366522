/** In charge of trying to kill one mutant: trial after trial, until one notices. */
import type { Outcome } from "./memory.js";
import type { Mutant } from "./mutant.js";
import { fieldTrials } from "./of-schema.js";
import { type Trial, trialsFor } from "./trials.js";
import type { Workbench } from "./workbench.js";

/** What is said of a change that PostgreSQL doesn't take. */
export const noMutant = "PostgreSQL doesn't take the change";

/** Tries to kill a mutant, beginning with what killed it before. Rejects when the proof that killed it doesn't hold on the whole. */
export async function kill(bench: Workbench, mutant: Mutant, last: Outcome | undefined): Promise<Outcome> {
  if (mutant.kind === "fields") return (await attempt(bench, fieldTrials(bench, mutant), last)).outcome;
  if (!(await bench.break(mutant))) return { trial: noMutant, noticed: null };
  const { outcome, killer } = await attempt(bench, trialsFor(bench, mutant), last).finally(() => bench.mend(mutant));
  const fault = killer?.isOnStage ? await killer.run(bench) : null;
  if (fault !== null) throw new RangeError(`With nothing broken, ${fault}`);
  return outcome;
}

interface Attempt {
  readonly outcome: Outcome;
  readonly killer?: Trial;
}

async function attempt(bench: Workbench, trials: readonly Trial[], last: Outcome | undefined): Promise<Attempt> {
  const first = trials.find(({ id }) => id === last?.trial);
  const again = first?.again?.(last?.noticed ?? "") ?? first;
  for (const killer of again === undefined ? trials : [again, ...trials]) {
    const noticed = await killer.run(bench);
    if (noticed !== null) return { outcome: { trial: killer.id, noticed: inOneLine(noticed) }, killer };
  }
  return { outcome: { trial: null, noticed: null } };
}

function inOneLine(text: string): string {
  return text
    .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "…")
    .replaceAll("|", "/")
    .replaceAll(/\s+/g, " ")
    .slice(0, 160);
}
