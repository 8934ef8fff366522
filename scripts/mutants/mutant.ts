/** In charge of what a mutant is: one guard broken, and how it is mended again. */
import { createHash } from "node:crypto";

/** What sort of guard, in the order of the list. */
export const kinds = [
  "policies",
  "tables",
  "privileges",
  "triggers",
  "conditions",
  "checks",
  "locks",
  "fields",
] as const;

/** One of them. */
export type Kind = (typeof kinds)[number];

/** A guard of the database, broken. */
export interface DatabaseMutant {
  readonly name: string;
  readonly kind: Exclude<Kind, "fields">;
  /** Breaks the guard. */
  readonly sql: string;
  /** Makes it whole again. */
  readonly undo: string;
  /** Which proofs stand for the guard. */
  readonly tag:
    | "deaths"
    | "worlds"
    | "privileges"
    | "histories"
    | "reads"
    | "telling"
    | "tests"
    | "races"
    | "catalogue";
  /** The function of iam that a history tries most, and that tests are looked for by. */
  readonly focus?: string;
  /** The test files that are run before those about the function in focus. */
  readonly tests?: readonly string[];
}

/** A field of the schema, open to everybody. */
export interface FieldMutant {
  readonly name: string;
  readonly kind: "fields";
  /** `Query.todos` */
  readonly coordinate: string;
  /** What it asks of the caller, as JSON. */
  readonly asks: string;
}

/** Any of them. */
export type Mutant = DatabaseMutant | FieldMutant;

/** Changes when the mutant does: by what it breaks, as that stands, and by how. */
export function digestOf(mutant: Mutant): string {
  const told = mutant.kind === "fields" ? mutant.asks : mutant.sql;
  return createHash("sha256").update(`${mutant.name}\n${told}`).digest("hex").slice(0, 16);
}
