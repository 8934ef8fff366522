/** In charge of the demo world: runs prisma/seed/demo-world.sql once, as iam_definer. */
import { readFile } from "node:fs/promises";
import pg from "pg";

/** What the demo provider's row says of the demo issuer. */
export interface DemoIssuer {
  readonly issuer: string;
  readonly audience: string;
  /** The public key set, as JSON. */
  readonly jwks: unknown;
}

const worldFile = new URL("../../prisma/seed/demo-world.sql", import.meta.url);

/**
 * Writes the demo world unless it is there, in one transaction, and keeps the demo issuer's key set current.
 * @param adminUrl a login that may become iam_definer
 * @returns whether the world was written now
 */
export async function seedDemoWorld(adminUrl: string, demoIssuer: DemoIssuer): Promise<boolean> {
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    await client.query("begin");
    await client.query("set local role iam_definer");
    const isNew = !(await isSeeded(client));
    if (isNew) await write(client, demoIssuer);
    else await refreshIssuer(client, demoIssuer);
    await client.query("commit");
    return isNew;
  } finally {
    await client.end();
  }
}

async function isSeeded(client: pg.Client): Promise<boolean> {
  // two processes may start at once: the second waits here and then finds the world
  await client.query("select pg_advisory_xact_lock(hashtextextended('portcullis/demo-world', 0))");
  const { rowCount } = await client.query("select from iam.tenants where slug = 'acme'");
  return rowCount === 1;
}

async function write(client: pg.Client, { issuer, audience, jwks }: DemoIssuer): Promise<void> {
  await client.query(
    "select set_config('demo.issuer', $1, true), set_config('demo.audience', $2, true), set_config('demo.jwks', $3, true)",
    [issuer, audience, JSON.stringify(jwks)],
  );
  await client.query(await readFile(worldFile, "utf8"));
}

async function refreshIssuer(client: pg.Client, { issuer, audience, jwks }: DemoIssuer): Promise<void> {
  await client.query(
    "update iam.providers set issuer = $1, audience = array[$2], jwks = $3 where code = 'demo' and jwks is distinct from $3",
    [issuer, audience, JSON.stringify(jwks)],
  );
}
