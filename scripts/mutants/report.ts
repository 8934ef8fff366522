/** In charge of the list of mutants as a page: what was broken, and what noticed. */
import { noMutant } from "./kill.js";
import type { List } from "./list.js";
import type { Outcome } from "./memory.js";
import { type Kind, kinds, type Mutant } from "./mutant.js";

/** What became of a mutant; undefined when it wasn't tried. */
export type Found = readonly [mutant: Mutant, outcome: Outcome | undefined];

const titles: Readonly<Record<Kind, string>> = {
  policies: "Policies, dropped or opened",
  tables: "Tables whose row-level security doesn't hold",
  privileges: "Privileges, widened",
  triggers: "Triggers, disabled",
  conditions: "Conditions of the functions that decide",
  checks: "Checks of the functions that write authority or tell of others, taken out",
  locks: "Locks",
  fields: "Fields of the schema, open to everybody",
};

/** How many mutants there are, and what became of them, in a sentence. */
export function summary(found: readonly Found[]): string {
  const count = (is: (outcome: Outcome | undefined) => boolean) => found.filter(([, outcome]) => is(outcome)).length;
  const survived = count((outcome) => outcome?.trial === null);
  const untried = count((outcome) => outcome === undefined);
  const refused = count((outcome) => outcome?.trial === noMutant);
  const killed = found.length - survived - untried - refused;
  return [
    `${found.length - refused} mutants, ${killed} killed`,
    `${survived} survived`,
    ...(untried > 0 ? [`${untried} not tried`] : []),
  ].join(", ");
}

/** The page. */
export function report(found: readonly Found[], equivalent: List["equivalent"]): string {
  const real = found.filter(([, outcome]) => outcome?.trial !== noMutant);
  const sections = kinds.flatMap((kind) => {
    const all = real.filter(([mutant]) => mutant.kind === kind).toSorted(([a], [b]) => (a.name < b.name ? -1 : 1));
    const lines = all.flatMap(([{ name }, outcome]) => (outcome ? [`| ${code(name)} | ${told(outcome)} |`] : []));
    if (all.length === 0) return [];
    const untried = all.length - lines.length;
    const title = `## ${titles[kind]} (${all.length}${untried > 0 ? `, of which ${untried} were not tried` : ""})`;
    return [title, "", ...(lines.length > 0 ? ["| mutant | noticed by |", "|---|---|", ...lines, ""] : [])];
  });
  const reasons = equivalent.map(([name, reason]) => `| ${code(name)} | ${reason} |`);
  return [
    "# Mutants",
    "",
    "Each line is a guard that was broken by itself, and what noticed it first. Written by",
    "`npx tsx scripts/mutants.ts --out docs/mutants.md`; how it works is told in [proof.md](proof.md#mutants).",
    "",
    `${summary(found)}.`,
    "",
    ...sections,
    `## Changes that change nothing (${reasons.length})`,
    "",
    "| change | why nobody can tell |",
    "|---|---|",
    ...reasons,
    "",
  ].join("\n");
}

const code = (name: string) => `\`${name.replaceAll("|", "\\|")}\``;

function told(outcome: Outcome): string {
  return outcome.noticed === null ? "**survived**" : outcome.noticed.replaceAll("<", "&lt;");
}
