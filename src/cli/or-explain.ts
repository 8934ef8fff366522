/** In charge of what a command says when it can't do its work: what is wrong, and what to do about it. */
import { StartupError } from "../errors.js";

/** Does `work`; what it refuses is told on stderr as what is wrong and what to do, and the process exits with 1. */
export async function orExplain(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    process.stderr.write(explain(error));
    process.exitCode = 1;
  }
}

function explain(error: unknown): string {
  if (error instanceof StartupError) return `${error.message}\n→ ${error.mend}\n`;
  return `${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`;
}
