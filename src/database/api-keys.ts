/** In charge of API keys outside of any session: the note that one was used, and those an operator makes. */
import { StartupError } from "../errors.js";
import type { Pool } from "./pool.js";
import { withConnection } from "./with-connection.js";

/** A key to be stored. */
export interface KeyToStore {
  readonly email: string;
  /** The tenant's slug. */
  readonly tenant: string;
  readonly name: string;
  readonly publicId: string;
  readonly secretHash: string;
  /** The codes of the features that it is given. */
  readonly features: readonly string[];
  /** Where: `type/key`; null is the tenant's root. */
  readonly scope: string | null;
}

/** Writes down that a key was used, unless that was done in the last minute. */
export async function touchApiKey(pool: Pick<Pool, "query">, publicId: string): Promise<void> {
  await pool.query({ sql: "select iam.touch_api_key($1)", parameters: [publicId] });
}

/** Whether a key of this public name is there, and was not revoked. */
export async function hasApiKey(adminUrl: string, publicId: string): Promise<boolean> {
  return await withConnection(adminUrl, async (client) => {
    await client.query("begin; set local role iam_definer");
    const { rowCount } = await client.query("select from iam.api_keys k where k.public_id = $1 and iam.is_usable(k)", [
      publicId,
    ]);
    await client.query("rollback");
    return rowCount === 1;
  });
}

/**
 * Stores a key as the operator of the database, who is asked for nothing: the key does no more than its owner may.
 * @throws StartupError for a tenant, member, feature or scope that doesn't exist
 */
export async function storeApiKey(adminUrl: string, key: KeyToStore): Promise<void> {
  await withConnection(adminUrl, async (client) => {
    await client.query("begin; set local role iam_definer");
    const { rows } = await client.query<Found>(
      `select t.id as tenant, m.user_id as person, s.id as scope, array(select f.id from iam.features f where f.code = any ($3)) as features
       from iam.tenants t
       left join iam.tenant_members m on m.tenant_id = t.id and m.deleted_at is null
         and m.user_id = (select u.id from iam.users u where u.email = lower($2))
       left join iam.scopes s on s.tenant_id = t.id
         and case when $4::text is null then s.parent_id is null else s.type || '/' || s.key = $4 end
       where t.slug = $1 and t.deleted_at is null`,
      [key.tenant, key.email, key.features, key.scope],
    );
    const { tenant, person, scope, features } = requireAll(rows[0], key);
    await client.query("select set_config('app.tenant_id', $1, true)", [tenant]);
    await client.query("select iam.insert_api_key($1, $2, $3, $4, decode($5, 'hex'), $6, $7, null)", [
      ...[tenant, person, key.name, key.publicId, key.secretHash, features, scope],
    ]);
    await client.query("commit");
  });
}

interface Found {
  readonly tenant: string;
  readonly person: string | null;
  readonly scope: string | null;
  readonly features: readonly string[];
}

function requireAll(found: Found | undefined, { tenant, email, scope, features }: KeyToStore): Found {
  if (found === undefined) throw new StartupError(`There is no tenant "${tenant}".`, "Create it first.");
  if (found.person === null)
    throw new StartupError(`${email} is no member of ${tenant}.`, "A key belongs to a member: make him one first.");
  if (found.scope === null) throw new StartupError(`${tenant} has no scope "${scope}".`, "Write it as type/key.");
  if (features.length === 0 || found.features.length !== new Set(features).size)
    throw new StartupError("A key is given features that there are.", "Name them with --feature, once for each.");
  return found;
}
