/** In charge of `portcullis doctor`: what is not right with the database, and the SQL that mends it. */
import type { Config } from "../config.js";
import { examine } from "../doctor/examine.js";
import { type Finding, findingNames } from "../doctor/finding.js";
import { declaredProtections } from "../resources/protections.js";
import { requireAdminUrl } from "./prepare-database.js";
import { withDatabase } from "./with-database.js";

/** How to tell it. */
export interface DoctorOptions {
  readonly isJson: boolean;
}

/**
 * Examines the database and prints what it finds; with findings the process exits with 1.
 * @throws StartupError when there is no administrator's address, or nobody answers there
 */
export async function examineDatabase(config: Config, { isJson }: DoctorOptions): Promise<void> {
  const { url } = config.database;
  const login = url === null ? "authenticator" : decodeURIComponent(new URL(url).username);
  const protections = declaredProtections();
  const findings = await withDatabase(config, (database) =>
    examine({ adminUrl: requireAdminUrl(database), login, protections }),
  );
  process.stdout.write(isJson ? `${JSON.stringify(findings.map(named), null, 2)}\n` : told(findings));
  if (findings.length > 0) process.exitCode = 1;
}

function named({ id, problem, mend }: Finding) {
  return { id, name: findingNames[id], problem, mend };
}

// What is printed is a script: everything but the mends is a comment.
function told(findings: readonly Finding[]): string {
  if (findings.length === 0) return "Nothing found.\n";
  const lines = findings.map((one) => `-- ${one.id} ${findingNames[one.id]}: ${one.problem}\n${one.mend}\n`);
  return `${lines.join("\n")}\n-- ${findings.length === 1 ? "1 finding" : `${findings.length} findings`}.\n`;
}
