/** In charge of `portcullis verify-audit`: whether the audit still is what was sealed. */
import { verifyEvents } from "../audit/verify.js";
import type { Config } from "../config.js";
import { StartupError } from "../errors.js";
import { withDatabase } from "./with-database.js";

/**
 * Prints the hash at the end of the chain, to be compared with the last `audit_sealed` of the log: a chain that was cut off
 * at its end is whole in itself.
 * @throws StartupError that names the first event which was changed, deleted or swapped
 */
export async function verifyAudit(config: Config): Promise<void> {
  const { brokenAt, head } = await withDatabase(config, ({ url }) => verifyEvents(url));
  if (brokenAt === null) {
    process.stdout.write(`${head ?? "Nothing is sealed yet."}\n`);
    return;
  }
  throw new StartupError(
    `The audit is broken at the event ${brokenAt}: it was changed, deleted or swapped after it was sealed.`,
    `Up to it the audit is whole: ${head ?? "it is the first one sealed"}.`,
  );
}
