/** In charge of one row of each type per tenant, by the names that a client could use for it: arranged and found by the owner. */
import { type ModelName, models } from "../../src/generated/datamodel.js";
import type { TestDatabase } from "./database.js";

/** How a row can be named. */
export interface Names {
  readonly id: string;
  /** Its natural key; empty where it has none. */
  readonly key: string;
}

/** What belongs to no tenant: everybody who may read it may read all of it. */
export const typesOfNobody: readonly string[] = ["Feature", "Provider"];

/** Names that nothing has, of each type. */
export function namesOfNothing(type: string): Names {
  return { id: `${type}:99999999-9999-4999-8999-999999999999`, key: keysOfNothing[type] ?? "nothing" };
}

const keysOfNothing: Readonly<Record<string, string>> = { User: "nobody@globex.test", Scope: "tenant/nowhere" };

const naturalKeys: Readonly<Record<string, string>> = {
  User: "r.email",
  Group: "r.name",
  Role: "r.code",
  Feature: "r.code",
  Provider: "r.code",
  Scope: "r.type || '/' || r.key",
  Tenant: "r.slug",
};

/** Completes both tenants of the demo world with what it has none of. */
export async function completeTenants(database: TestDatabase): Promise<void> {
  await database.owner.query(`
    insert into iam.roles (tenant_id, code, name) select id, 'board_member', 'Board member' from iam.tenants where slug = 'globex';
    insert into public.sales (tenant_id, campus, amount) select id, 'chicago', 3 from iam.tenants where slug = 'globex';
    insert into iam.group_mappings (tenant_id, group_id, provider_id, external_id)
    select distinct on (g.tenant_id) g.tenant_id, g.id, p.id, 'there' from iam.groups g, iam.providers p;
    insert into iam.api_keys (tenant_id, user_id, name, public_id, secret_hash)
    select m.tenant_id, m.user_id, 'Key', substr(md5(m.tenant_id::text), 1, 16), sha256('secret')
    from iam.tenant_members m join iam.users u on u.id = m.user_id and u.email in ('alice@acme.test', 'carol@globex.test');
    insert into iam.api_key_grants (tenant_id, api_key_id, feature_id, scope_id)
    select k.tenant_id, k.id, f.id, s.id from iam.api_keys k join iam.scopes s on s.tenant_id = k.tenant_id cross join iam.features f;
    insert into iam.tokens (tenant_id, purpose, email, secret_hash, created_by, expires_at)
    select k.tenant_id, 'invitation', 'a@b.test', sha256(k.public_id::bytea), k.user_id, now() + interval '1 day' from iam.api_keys k;
    insert into iam.audit_events (tenant_id, code, action) select id, 1, 'arranged' from iam.tenants;
    insert into iam.group_members (tenant_id, group_id, user_id)
    select tenant_id, id, (select id from iam.users where email = 'jane@acme.test') from iam.groups where name = 'Office'`);
}

/** The names of the first row of a type in a tenant; of a tree, one that isn't its root where there is one. */
export async function namesIn(database: TestDatabase, slug: string, type: string): Promise<Names | null> {
  const { schema, table, fields } = models[type as ModelName];
  const members = "(select m.user_id from iam.tenant_members m where m.tenant_id = t.id)";
  const belongs =
    type === "Tenant"
      ? "r.id = t.id"
      : type === "User"
        ? `r.id in ${members}`
        : fields["tenantId"]
          ? "r.tenant_id = t.id"
          : fields["userId"]
            ? `r.user_id in ${members}`
            : "true";
  const { rows } = await database.owner.query<Names>(
    `select '${type}:' || r.id as id, ${naturalKeys[type] ?? "''"} as key
     from iam.tenants t join ${schema}.${table} r on ${belongs} where t.slug = $1 order by ${fields["parentId"] ? "r.parent_id nulls last, r.id" : "r.id"} limit 1`,
    [slug],
  );
  return rows[0] ?? null;
}
