/** In charge of API keys that are there when a test begins: written by the owner, with a real secret. */
import { mintPublicId, mintSecret } from "../../src/api-key.js";
import type { TestDatabase } from "./database.js";

/** A key to be written. */
export interface KeyToArrange {
  readonly user: string;
  /** Feature by feature, each at a scope written type/key. */
  readonly given?: readonly (readonly [feature: string, scope: string])[];
  readonly tenant?: string;
  /** Seconds from now. */
  readonly expires?: number;
}

/** A key that is there. */
export interface ArrangedKey {
  readonly id: string;
  readonly publicId: string;
  /** The whole of it, for the header. */
  readonly text: string;
}

/** Writes a key and what it was given. */
export async function arrangeKey(
  { owner }: TestDatabase,
  { user, given = [], tenant = "acme", expires }: KeyToArrange,
): Promise<ArrangedKey> {
  const publicId = mintPublicId();
  const { secretHash, keyFor } = mintSecret();
  const { rows } = await owner.query<{ id: string }>(
    `insert into iam.api_keys (tenant_id, user_id, name, public_id, secret_hash, expires_at)
     select t.id, u.id, 'Key', $3, decode($4, 'hex'), now() + make_interval(secs => $5)
     from iam.tenants t, iam.users u where t.slug = $1 and u.email = $2 returning id`,
    [tenant, user, publicId, secretHash, expires ?? null],
  );
  const id = rows[0]?.id;
  if (id === undefined) throw new TypeError(`No key could be arranged for ${user} in ${tenant}.`);
  for (const [feature, scope] of given) {
    const { rowCount } = await owner.query(
      `insert into iam.api_key_grants (tenant_id, api_key_id, feature_id, scope_id)
       select k.tenant_id, k.id, f.id, s.id from iam.api_keys k, iam.features f, iam.scopes s
       where k.id = $1 and f.code = $2 and s.tenant_id = k.tenant_id and s.type || '/' || s.key = $3`,
      [id, feature, scope],
    );
    if (rowCount !== 1) throw new TypeError(`The key could not be given ${feature} at ${scope}.`);
  }
  return { id: `ApiKey:${id}`, publicId, text: keyFor(publicId) };
}
