/** In charge of reading a world back out of a database, names being ids, so that the oracle can judge what functions did to it. */
import type pg from "pg";
import { models } from "../../src/generated/datamodel.js";
import type { StoredWorld } from "./store-world.js";
import type { Group, World } from "./world.js";

/** A group with what says who manages it. */
export interface ManagedGroup extends Group {
  readonly isLocked: boolean;
  readonly isSystem: boolean;
  readonly membersManageEachOther: boolean;
}

/** A one-time token. */
export interface LiveToken {
  readonly id: string;
  readonly tenant: string;
  readonly maker: string;
  readonly user: string | null;
  readonly email: string | null;
  readonly role: string | null;
  readonly scope: string | null;
  readonly secretHash: string;
  /** Used, revoked or over. */
  readonly isSpent: boolean;
}

/** A world with what the functions of iam ask for besides the decision. */
export interface LiveWorld extends World {
  readonly groups: readonly ManagedGroup[];
  readonly identities: ReadonlyArray<{ readonly id: string; readonly user: string; readonly isEnabled: boolean }>;
  /** Roles and groups by id, features by code, that can't be handed out any more. */
  readonly unassignable: readonly string[];
  readonly mappings: ReadonlyArray<{ readonly id: string; readonly group: string }>;
  readonly tokens: readonly LiveToken[];
  /** Codes of the providers that histories have made. */
  readonly providers: readonly string[];
  /** Natural keys by global id. */
  readonly keys: Readonly<Record<string, string>>;
  /** Changes when any row of these tenants and users does, the trail's apart. */
  readonly digest: string;
}

/** What belongs to a world: its tenants and all that is in them, its users, and what it brought of what all tenants share. */
export interface Belongings {
  readonly slugs: string;
  readonly users: readonly string[];
  readonly roles: readonly string[];
  readonly features: readonly string[];
}

/** What belongs to a stored world. */
export function belongingsOf({ world, id, featureCode }: StoredWorld, label: string): Belongings {
  return {
    slugs: `${label}-%`,
    users: world.users.map((user) => id(user.id)),
    roles: world.roles.map((role) => id(role.id)),
    features: world.features.map(featureCode),
  };
}

/** Reads a world at this moment. Ids differ from run to run, so everything stands in the order in which it was written. */
export async function readWorld(owner: pg.Pool, { slugs, users, roles, features }: Belongings): Promise<LiveWorld> {
  const { rows } = await owner.query<{ world: LiveWorld }>(query, [slugs, users, roles, features]);
  const [row] = rows;
  if (row === undefined) throw new RangeError("The world can't be read.");
  return { ...row.world, refusedIncludes: [], actings: [], sales: [] };
}

const seconds = (column: string) => `extract(epoch from ${column} - now())`;
const period = (alias: string) =>
  `json_build_object('from', ${seconds(`${alias}.valid_from`)}, 'until', ${seconds(`${alias}.valid_until`)})`;
const written = (alias: string) => `${alias}.xmin::text::bigint, ${alias}.ctid`;
const list = (row: string, from: string, order: string) =>
  `coalesce((select json_agg(${row} order by ${order}) from ${from}), '[]')`;
const inTenants = (alias: string) => `${alias}.tenant_id in (select id from t)`;

const isNew = (alias: string) => `${alias}.created_at > (select min(created_at) from t)`;

const rowsOf = (resource: string, one: string) => `
  select r.xmin::text::bigint as x, r.ctid as c, json_build_object(
    'id', r.id, 'resource', '${resource}', 'tenant', r.tenant_id, 'owner', r.owner_id, 'scope', r.scope_id,
    'shares', ${list(
      `json_build_object('id', x.id, 'to', case when x.user_id is null then json_build_object('group', x.group_id) else json_build_object('user', x.user_id) end,
        'canRead', x.can_read, 'canWrite', x.can_write, 'canDelete', x.can_delete)`,
      `public.${one}_shares x where x.${one}_id = r.id`,
      written("x"),
    )}) as row
  from public.${resource} r where ${inTenants("r")}`;

const keysOf = (type: string, key: string, from: string) =>
  `select '${type}:' || x.id as name, ${key} as key from ${from} x`;

const digests = [
  ...Object.values(models)
    .filter(({ table, fields }) => fields["tenantId"] !== undefined && table !== "audit_events")
    .map(({ schema, table }) => `${schema}.${table} r where ${inTenants("r")}`),
  "iam.tenants r where r.id in (select id from t)",
  "iam.users r where r.id in (select id from u)",
  "iam.identities r where r.user_id in (select id from u)",
].map((from) => `select md5(r::text) as h from ${from}`);

const query = `
with t as (select * from iam.tenants where slug like $1),
     u as (
       select * from iam.users
       where id = any ($2::uuid[]) or id in (select user_id from iam.tenant_members m where ${inTenants("m")})
     )
select json_build_object(
  'tenants', ${list("json_build_object('id', t.id, 'isDeleted', t.deleted_at is not null)", "t", "t.slug")},
  'scopes', ${list("json_build_object('id', s.id, 'tenant', s.tenant_id, 'type', s.type, 'key', s.key, 'parent', s.parent_id)", `iam.scopes s where ${inTenants("s")}`, written("s"))},
  'users', ${list(
    `json_build_object('id', u.id, 'isActive', u.is_active, 'isLocked', u.is_locked, 'mayLogIn', u.may_log_in, 'isService', u.is_service,
      'isIdentityEnabled', exists (select from iam.identities i where i.user_id = u.id and i.is_enabled), 'isProviderEnabled', true, 'selectedTenant', null)`,
    "u",
    "array_position($2::uuid[], u.id), u.created_at",
  )},
  'memberships', ${list("json_build_object('tenant', m.tenant_id, 'user', m.user_id, 'isEnded', m.deleted_at is not null)", `iam.tenant_members m where ${inTenants("m")}`, written("m"))},
  'groups', ${list(
    `json_build_object('id', g.id, 'tenant', g.tenant_id, 'owner', g.owner_id, 'isActive', g.is_active, 'isLocked', g.is_locked, 'isSystem', g.is_system,
      'membersSeeEachOther', g.members_see_each_other, 'membersManageEachOther', g.members_manage_each_other)`,
    `iam.groups g where ${inTenants("g")}`,
    written("g"),
  )},
  'groupMemberships', ${list(`json_build_object('group', m.group_id, 'user', m.user_id, 'period', ${period("m")})`, `iam.group_members m where ${inTenants("m")}`, written("m"))},
  'groupIncludes', ${list("json_build_object('group', i.group_id, 'included', i.included_group_id)", `iam.group_includes i where ${inTenants("i")}`, written("i"))},
  'features', ${list("to_json(f.code)", `iam.features f where f.is_system or f.code = any ($4) or ${isNew("f")}`, "f.created_at, f.code")},
  'roles', ${list(
    `json_build_object('id', r.id, 'tenant', r.tenant_id,
      'features', array(select f.code from iam.role_features rf join iam.features f on f.id = rf.feature_id where rf.role_id = r.id order by f.code),
      'includes', array(select i.included_role_id from iam.role_includes i where i.role_id = r.id order by i.included_role_id))`,
    `iam.roles r where r.id = any ($3::uuid[]) or ${inTenants("r")}`,
    written("r"),
  )},
  'grants', ${list(
    `json_build_object('id', a.id, 'scope', case when a.tenant_id is null then 'global' else a.scope_id::text end, 'effect', a.effect, 'period', ${period("a")},
      'to', case when a.user_id is null then json_build_object('group', a.group_id) else json_build_object('user', a.user_id) end,
      'gives', case when a.role_id is null then json_build_object('feature', (select f.code from iam.features f where f.id = a.feature_id)) else json_build_object('role', a.role_id) end)`,
    `iam.grants a where ${inTenants("a")} or (a.tenant_id is null and a.user_id in (select id from u))`,
    written("a"),
  )},
  'apiKeys', ${list(
    `json_build_object('id', k.id, 'tenant', k.tenant_id, 'owner', k.user_id, 'isRevoked', k.revoked_at is not null, 'expires', ${seconds("k.expires_at")},
      'gives', coalesce((select json_agg(json_build_object('feature', f.code, 'scope', g.scope_id) order by f.code, g.scope_id)
        from iam.api_key_grants g join iam.features f on f.id = g.feature_id where g.api_key_id = k.id), '[]'))`,
    `iam.api_keys k where ${inTenants("k")}`,
    written("k"),
  )},
  'identities', ${list("json_build_object('id', i.id, 'user', i.user_id, 'isEnabled', i.is_enabled)", "iam.identities i where i.user_id in (select id from u)", written("i"))},
  'unassignable', (
    select coalesce(json_agg(x.name order by x.name), '[]')
    from (
      select r.id::text from iam.roles r where not r.is_assignable
      union all
      select f.code from iam.features f where not f.is_assignable
      union all
      select g.id::text from iam.groups g where not g.is_assignable or g.type = 'external'
    ) x (name)
  ),
  'mappings', ${list("json_build_object('id', m.id, 'group', m.group_id)", `iam.group_mappings m where ${inTenants("m")}`, written("m"))},
  'tokens', ${list(
    `json_build_object('id', k.id, 'tenant', k.tenant_id, 'maker', k.created_by, 'user', k.user_id, 'email', k.email, 'role', k.role_id, 'scope', k.scope_id,
      'secretHash', encode(k.secret_hash, 'hex'), 'isSpent', k.used_at is not null or k.revoked_at is not null or k.expires_at <= now())`,
    `iam.tokens k where ${inTenants("k")}`,
    written("k"),
  )},
  'rows', ${list("y.row", `(${rowsOf("todos", "todo")} union all ${rowsOf("chats", "chat")}) y`, "y.x, y.c")},
  'providers', ${list("to_json(p.code)", `iam.providers p where p.code like 'made%' and ${isNew("p")}`, "p.created_at")},
  'keys', (
    select json_object_agg(x.name, x.key)
    from (
      ${[
        keysOf("User", "x.email", "u"),
        keysOf("Tenant", "x.slug", "t"),
        keysOf("Scope", "x.type || '/' || x.key", `(select * from iam.scopes s where ${inTenants("s")})`),
        keysOf("Group", "x.name", `(select * from iam.groups g where ${inTenants("g")})`),
        keysOf("Role", "x.code", `(select * from iam.roles r where r.id = any ($3::uuid[]) or ${inTenants("r")})`),
      ].join(" union all ")}
    ) x
    where x.key is not null
  ),
  'digest', (select md5(string_agg(h, '' order by h)) from (${digests.join(" union all ")}) x)
) as world`;
