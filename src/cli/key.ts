/** In charge of `portcullis key`: an API key, alone on the last line of stdout, and the key of the demo world. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { mintPublicId, mintSecret, readApiKey } from "../api-key.js";
import type { Config } from "../config.js";
import { hasApiKey, storeApiKey } from "../database/api-keys.js";
import { requireAdminUrl } from "./prepare-database.js";
import { withDatabase } from "./with-database.js";

/** Whose key, and what it is given. */
export interface KeyRequest {
  readonly email: string;
  /** The tenant's slug. */
  readonly tenant: string;
  readonly features: readonly string[];
  /** `type/key`; null is the tenant's root. */
  readonly scope: string | null;
  readonly name: string;
}

/**
 * Prints a new key. It is for who holds the database's administrator address, and asks for no other right.
 * @throws StartupError for names of nothing
 */
export async function printKey(config: Config, request: KeyRequest): Promise<void> {
  const key = await withDatabase(config, (database) => makeKey(requireAdminUrl(database), request));
  process.stdout.write(`${key}\n`);
}

const demoKey: KeyRequest = {
  email: "reports@acme.test",
  tenant: "acme",
  features: ["view_sales_page", "todos.read"],
  scope: null,
  name: "Nightly reports",
};

/** The key of reports@acme.test in the demo world; made on the first call and kept in the data folder, readable by its owner only. */
export async function ensureDemoKey(adminUrl: string, dataFolder: string): Promise<string> {
  const path = join(dataFolder, "reports-api-key");
  const kept = (await readFile(path, "utf8").catch(() => "")).trim();
  const facts = readApiKey(kept);
  if (facts !== null && (await hasApiKey(adminUrl, facts.publicId))) return kept;
  const key = await makeKey(adminUrl, demoKey);
  await writeFile(path, `${key}\n`, { mode: 0o600 });
  return key;
}

async function makeKey(adminUrl: string, request: KeyRequest): Promise<string> {
  const publicId = mintPublicId();
  const { secretHash, keyFor } = mintSecret();
  await storeApiKey(adminUrl, { ...request, publicId, secretHash });
  return keyFor(publicId);
}
