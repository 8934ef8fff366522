/** In charge of `portcullis explain`: why a user holds a feature at a scope, or what is missing, for an operator. */
import type { Config } from "../config.js";
import { explainAsOperator, type OperatorsAnswer, type OperatorsQuestion } from "../database/explanations.js";
import { requireAdminUrl } from "./prepare-database.js";
import { withDatabase } from "./with-database.js";

/**
 * Prints the answer: the chain link by link, or what is missing. It is for who holds the database's administrator address,
 * and asks for no other right.
 * @throws StartupError for a user, tenant or scope that doesn't exist
 */
export async function printWhy(config: Config, question: OperatorsQuestion): Promise<void> {
  print(question, await withDatabase(config, (database) => explainAsOperator(requireAdminUrl(database), question)));
}

function print({ feature, scope, user }: OperatorsQuestion, answer: OperatorsAnswer): void {
  const { allowed, reason, chain, missing, nearest, denies } = answer;
  const lines = [
    `${user} ${allowed ? "holds" : "does not hold"} ${feature} at ${scope}: ${reason}`,
    ...chain.map(({ kind, label }) => `  ${kind.toLowerCase().padEnd(8)} ${label}`),
    ...denies.map((one) => `  denied   ${one.feature} at ${one.scope}, ${one.via}`),
    ...(missing == null ? [] : [`  missing  ${missing}`]),
    ...(nearest == null ? [] : [`  nearest  ${nearest.feature} at ${nearest.scope}, ${nearest.via}`]),
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
}
