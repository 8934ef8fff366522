/** In charge of the callers that are measured, and of the table that is printed of them. */
import { type Case, compare } from "./compare.js";
import type { Times } from "./measure.js";

const callers = { "1 scope": "u1", "10 scopes": "u2", "100 scopes": "u3", "1,000 scopes": "u4", everything: "u5" };

/** Measures every caller, or one, on a database that holds the data, and prints a line for each case. */
export async function compareCallers(
  url: string,
  { rounds, only }: { readonly rounds: number; readonly only?: string | undefined },
): Promise<void> {
  console.log("| caller | what | policies, ms | to same | to joined | to given | request, ms | to same |");
  console.log("| --- | --- | --- | --- | --- | --- | --- | --- |");
  for (const [caller, name] of Object.entries(callers)) {
    if (only !== undefined && only !== caller) continue;
    for await (const one of compare(url, { caller, user: `${name}@bench.test` }, rounds)) console.log(lineOf(one));
  }
}

function lineOf({ caller, name, policies, same, joined, given, whole }: Case): string {
  const cells = [
    caller,
    name,
    policies.median.toFixed(2),
    ...[same, joined, given].map((base) => beside(policies, base)),
    whole.policies.median.toFixed(2),
    beside(whole.policies, whole.same),
  ];
  return `| ${cells.join(" | ")} |`;
}

function beside(one: Times, base: Times): string {
  return `${(one.median / base.median).toFixed(2)} (${(one.fastest / base.fastest).toFixed(2)})`;
}
