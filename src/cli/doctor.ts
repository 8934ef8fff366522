/** In charge of `portcullis doctor`: what is not right with the database, and the SQL that mends it. */
import type { Config } from "../config.js";
import { findRunningServer } from "../database/embedded/running.js";
import { examine } from "../doctor/examine.js";
import { type Finding, findingNames } from "../doctor/finding.js";
import { declaredProtections } from "../resources/protections.js";
import { embeddedDatabaseName, prepareDatabase, requireAdminUrl } from "./prepare-database.js";

/** How to tell it. */
export interface DoctorOptions {
  readonly isJson: boolean;
}

/**
 * Examines the database and prints what it finds; with findings the process exits with 1.
 * @throws StartupError when there is no administrator's address, or nobody answers there
 */
export async function examineDatabase(config: Config, { isJson }: DoctorOptions): Promise<void> {
  const findings = await examineAs(config);
  process.stdout.write(isJson ? `${JSON.stringify(findings.map(named), null, 2)}\n` : told(findings));
  if (findings.length > 0) process.exitCode = 1;
}

// A given database is looked at as it is, and so is the one of a gateway that runs; the embedded one is started else.
async function examineAs(config: Config): Promise<readonly Finding[]> {
  const { database, dataFolder } = config;
  const protections = declaredProtections();
  if (database.url !== null) {
    const login = decodeURIComponent(new URL(database.url).username);
    return await examine({ adminUrl: requireAdminUrl(database), login, protections });
  }
  const login = "authenticator";
  const running = await findRunningServer(dataFolder, embeddedDatabaseName);
  if (running !== null) return await examine({ adminUrl: running, login, protections });
  const embedded = await prepareDatabase(config, null);
  try {
    return await examine({ adminUrl: requireAdminUrl(embedded), login, protections });
  } finally {
    await embedded.stop();
  }
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
