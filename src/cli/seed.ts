/** In charge of `portcullis seed`: the demo world, once, or a preset. */
import { ensureDemoIssuer } from "../auth/demo-issuer.js";
import type { Config } from "../config.js";
import { StartupError } from "../errors.js";
import { prepareDatabase, requireAdminUrl } from "./prepare-database.js";
import { withDatabase } from "./with-database.js";

/** What to seed. */
export interface SeedOptions {
  /** The preset's name; left out: the demo world. */
  readonly preset?: string | undefined;
  /** The slug of the tenant that the preset is for. */
  readonly tenant?: string | undefined;
}

/**
 * Brings the database up to date and writes the demo world unless it is there, or what of the preset is missing.
 * @throws StartupError, in production for everything with people in it
 */
export async function seedDatabase(config: Config, options: SeedOptions): Promise<void> {
  if (options.preset !== undefined) return await seedPreset(config, { ...options, preset: options.preset });
  if (options.tenant !== undefined)
    throw new StartupError("The demo world has its own tenants.", "portcullis seed --preset <name> --tenant <slug>");
  if (config.isProduction) throw new StartupError("There is no demo world in production.", "Leave NODE_ENV unset.");
  const database = await prepareDatabase(config, await ensureDemoIssuer(config.dataFolder));
  try {
    requireAdminUrl(database);
  } finally {
    await database.stop();
  }
  process.stdout.write("The demo world is there.\n");
}

async function seedPreset(config: Config, { preset, tenant }: SeedOptions & { readonly preset: string }) {
  const { applyPreset, presetNamed } = await import("../database/presets.js");
  if (presetNamed(preset).isExample && config.isProduction)
    throw new StartupError(`The preset "${preset}" is an example, with people in it.`, "Leave NODE_ENV unset.");
  // The embedded one is up to date as soon as it runs.
  if (config.database.url !== null) await prepareDatabase(config, null);
  const written = await withDatabase(config, (database) =>
    applyPreset(requireAdminUrl(database), { name: preset, tenant: tenant ?? null }),
  );
  process.stdout.write(written === 0 ? "All of it is there already.\n" : `${written} rows written.\n`);
}
