/** In charge of what earlier runs found out: a run goes on where the last one stopped, and begins with the proof that killed. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { digestOf, type Mutant } from "./mutant.js";

/** What came of a mutant. */
export interface Outcome {
  /** The trial that noticed it; null when none did. */
  readonly trial: string | null;
  /** What was noticed, in words. */
  readonly noticed: string | null;
}

/** The outcomes so far. */
export interface Memory {
  /** What came of this very mutant. */
  recall(mutant: Mutant): Outcome | undefined;
  /** What came of a mutant of its name, which may have broken something else. */
  hint(mutant: Mutant): Outcome | undefined;
  keep(mutant: Mutant, outcome: Outcome): void;
}

interface Kept extends Outcome {
  readonly digest: string;
}

/** Opens the memory in a file, which is written after each mutant. */
export function openMemory(path: string): Memory {
  const kept = new Map<string, Kept>(read(path));
  return {
    recall: (mutant) => {
      const found = kept.get(mutant.name);
      return found?.digest === digestOf(mutant) ? found : undefined;
    },
    hint: (mutant) => kept.get(mutant.name),
    keep: (mutant, { trial, noticed }) => {
      kept.set(mutant.name, { digest: digestOf(mutant), trial, noticed });
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(`${path}.new`, `${JSON.stringify([...kept].sort(), null, 1)}\n`);
      renameSync(`${path}.new`, path);
    },
  };
}

function read(path: string): ReadonlyArray<readonly [string, Kept]> {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as ReadonlyArray<readonly [string, Kept]>;
  } catch (error) {
    if ((error as { readonly code?: unknown }).code === "ENOENT") return [];
    throw error;
  }
}
