/** In charge of the list of mutants: read from the catalogue and the schema, so that a new guard is broken as well. */
import type pg from "pg";
import { equivalents } from "./equivalent.js";
import type { Mutant } from "./mutant.js";
import { ofFunctions } from "./of-functions.js";
import { ofPolicies, ofTables } from "./of-policies.js";
import { ofPrivileges } from "./of-privileges.js";
import { ofSchema } from "./of-schema.js";
import { ofTriggers } from "./of-triggers.js";

/** What there is to break. */
export interface List {
  readonly mutants: readonly Mutant[];
  /** What would change nothing, and why. */
  readonly equivalent: ReadonlyArray<readonly [name: string, reason: string]>;
  /** Reasons for changes that there aren't any more. */
  readonly stale: readonly string[];
}

/** Every mutant of this database and this schema. */
export async function listMutants(owner: pg.Pool): Promise<List> {
  const ofDatabase = await Promise.all(
    [ofPolicies, ofTables, ofPrivileges, ofTriggers, ofFunctions].map((list) => list(owner)),
  );
  const all = numbered([...ofDatabase.flat(), ...ofSchema()]);
  const names = new Set(all.map(({ name }) => name));
  const reasons = Object.entries(equivalents);
  return {
    mutants: all.filter(({ name }) => equivalents[name] === undefined),
    equivalent: reasons.filter(([name]) => names.has(name)),
    stale: reasons.map(([name]) => name).filter((name) => !names.has(name)),
  };
}

// Two functions may have one name.
function numbered(mutants: readonly Mutant[]): readonly Mutant[] {
  const seen = new Map<string, number>();
  return mutants.map((mutant) => {
    const n = (seen.get(mutant.name) ?? 0) + 1;
    seen.set(mutant.name, n);
    return n === 1 ? mutant : { ...mutant, name: `${mutant.name} [${n}]` };
  });
}
