/** In charge of presets: roles, and for an example people and rows, that prisma/seed/presets/*.sql writes as iam_definer. */
import { readFile } from "node:fs/promises";
import type pg from "pg";
import { StartupError } from "../errors.js";
import { withConnection } from "./with-connection.js";

/** A preset: what it is, and where it can be applied. */
export interface Preset {
  readonly summary: string;
  /** Whether it brings people and rows with it: such a one is for one tenant, and never for production. */
  readonly isExample: boolean;
  /** The codes of its roles. */
  readonly roles: readonly string[];
}

/** Every preset by name; its file says what each of its roles gives. */
export const presets: Readonly<Record<string, Preset>> = {
  "four-roles": {
    summary: "admin, developer, viewer and readonly",
    isExample: false,
    roles: ["admin", "developer", "viewer", "readonly"],
  },
  administrators: {
    summary: "nine roles for those who administer a part of it",
    isExample: false,
    roles: [
      ...["system_admin", "tenant_admin", "tenant_member", "user_manager", "group_manager"],
      ...["permission_manager", "provider_manager", "resource_manager", "full_admin"],
    ],
  },
  sales: {
    summary: "two roles at a campus, Jane who has them, two sales",
    isExample: true,
    roles: ["sales_manager", "finance_officer"],
  },
};

/** Which preset, and for whom. */
export interface PresetChoice {
  readonly name: string;
  /** The tenant's slug; null makes system roles, which every tenant can grant. */
  readonly tenant: string | null;
}

/**
 * Applies a preset in one transaction. What is there already stays as it is, so a second time writes nothing.
 * @returns how many rows were written
 * @throws StartupError for a preset or a tenant that doesn't exist
 */
export async function applyPreset(adminUrl: string, choice: PresetChoice): Promise<number> {
  const { isExample, roles } = presetNamed(choice.name);
  if (isExample && choice.tenant === null)
    throw new StartupError(`The preset "${choice.name}" is for one tenant.`, "Add --tenant <slug>.");
  const file = await readFile(new URL(`../../prisma/seed/presets/${choice.name}.sql`, import.meta.url), "utf8");
  return await withConnection(adminUrl, async (client) => {
    await client.query("begin; set local role iam_definer");
    // two at once would both find that a role is missing
    await client.query("select pg_advisory_xact_lock(hashtextextended('portcullis/preset', 0))");
    const tenantId = choice.tenant === null ? "" : await findTenant(client, choice.tenant);
    if (choice.tenant === null) await refuseShadowing(client, roles);
    await client.query("select set_config('preset.tenant_id', $1, true)", [tenantId]);
    const written = rowsOf(await client.query(file));
    await client.query("commit");
    return written;
  });
}

/** The preset of this name. Throws a StartupError that names all there are. */
export function presetNamed(name: string): Preset {
  const preset = Object.hasOwn(presets, name) ? presets[name] : undefined;
  if (preset !== undefined) return preset;
  const lines = Object.entries(presets).map(([each, { summary }]) => `  ${each.padEnd(16)} ${summary}`);
  throw new StartupError(`There is no preset "${name}".`, `One of:\n${lines.join("\n")}`);
}

async function findTenant(client: pg.Client, slug: string): Promise<string> {
  const { rows } = await client.query<{ id: string }>(
    "select id from iam.tenants where slug = $1 and deleted_at is null",
    [slug],
  );
  if (rows[0] !== undefined) return rows[0].id;
  throw new StartupError(`There is no tenant "${slug}".`, "Create it first, or leave --tenant out for every tenant.");
}

// A system role's code is reserved: a tenant's own role of that code would be another one for everybody who names it.
async function refuseShadowing(client: pg.Client, roles: readonly string[]): Promise<void> {
  const { rows } = await client.query<{ code: string; slug: string }>(
    "select r.code, t.slug from iam.roles r join iam.tenants t on t.id = r.tenant_id where r.code = any ($1) order by 2, 1",
    [roles],
  );
  if (rows.length === 0) return;
  throw new StartupError(
    `A tenant has a role of its own by that code: ${rows.map(({ code, slug }) => `${code} of ${slug}`).join(", ")}.`,
    "Apply the preset tenant by tenant with --tenant <slug>.",
  );
}

// Of a text with several statements pg answers a list, which its types don't know.
function rowsOf(answer: pg.QueryResult): number {
  return [answer].flat().reduce((sum, { rowCount }) => sum + (rowCount ?? 0), 0);
}
