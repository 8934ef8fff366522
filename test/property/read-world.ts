/** In charge of reading a world back out of a database, names being ids, so that the oracle can judge what functions did to it. */
import type pg from "pg";
import type { Group, World } from "./world.js";

/** A group with what says who manages it. */
export interface ManagedGroup extends Group {
  readonly isLocked: boolean;
  readonly isSystem: boolean;
  readonly membersManageEachOther: boolean;
}

/** A world with what the functions of iam ask for besides the decision. */
export interface LiveWorld extends World {
  readonly groups: readonly ManagedGroup[];
  readonly identities: ReadonlyArray<{ readonly id: string; readonly user: string; readonly isEnabled: boolean }>;
  /** Roles and groups by id, features by code, that can't be handed out any more. */
  readonly unassignable: readonly string[];
  readonly mappings: ReadonlyArray<{ readonly id: string; readonly group: string }>;
}

/** Reads everything about these tenants and users, at this moment. */
export async function readWorld(
  owner: pg.Pool,
  of: { readonly slugs: string; readonly users: readonly string[] },
): Promise<LiveWorld> {
  const { rows } = await owner.query<{ world: LiveWorld }>(query, [of.slugs, of.users]);
  const [row] = rows;
  if (row === undefined) throw new RangeError("The world can't be read.");
  return { ...row.world, refusedIncludes: [], actings: [], rows: [], sales: [] };
}

const seconds = (column: string) => `extract(epoch from ${column} - now())`;
const period = (alias: string) =>
  `json_build_object('from', ${seconds(`${alias}.valid_from`)}, 'until', ${seconds(`${alias}.valid_until`)})`;
const list = (row: string, from: string, order: string) =>
  `coalesce((select json_agg(${row} order by ${order}) from ${from}), '[]')`;
const inTenants = (alias: string) => `${alias}.tenant_id in (select id from t)`;

const query = `
with t as (select * from iam.tenants where slug like $1),
     u as (
       select * from iam.users
       where id = any ($2::uuid[]) or id in (select user_id from iam.tenant_members m where ${inTenants("m")})
     )
select json_build_object(
  'tenants', ${list("json_build_object('id', t.id, 'isDeleted', t.deleted_at is not null)", "t", "t.id")},
  'scopes', ${list("json_build_object('id', s.id, 'tenant', s.tenant_id, 'type', s.type, 'key', s.key, 'parent', s.parent_id)", `iam.scopes s where ${inTenants("s")}`, "s.id")},
  'users', ${list(
    `json_build_object('id', u.id, 'isActive', u.is_active, 'isLocked', u.is_locked, 'mayLogIn', u.may_log_in, 'isService', u.is_service,
      'isIdentityEnabled', exists (select from iam.identities i where i.user_id = u.id and i.is_enabled), 'isProviderEnabled', true, 'selectedTenant', null)`,
    "u",
    "u.id",
  )},
  'memberships', ${list("json_build_object('tenant', m.tenant_id, 'user', m.user_id, 'isEnded', m.deleted_at is not null)", `iam.tenant_members m where ${inTenants("m")}`, "m.tenant_id, m.user_id")},
  'groups', ${list(
    `json_build_object('id', g.id, 'tenant', g.tenant_id, 'owner', g.owner_id, 'isActive', g.is_active, 'isLocked', g.is_locked, 'isSystem', g.is_system,
      'membersSeeEachOther', g.members_see_each_other, 'membersManageEachOther', g.members_manage_each_other)`,
    `iam.groups g where ${inTenants("g")}`,
    "g.id",
  )},
  'groupMemberships', ${list(`json_build_object('group', m.group_id, 'user', m.user_id, 'period', ${period("m")})`, `iam.group_members m where ${inTenants("m")}`, "m.group_id, m.user_id, m.source")},
  'groupIncludes', ${list("json_build_object('group', i.group_id, 'included', i.included_group_id)", `iam.group_includes i where ${inTenants("i")}`, "i.group_id, i.included_group_id")},
  'features', ${list("to_json(f.code)", "iam.features f", "f.code")},
  'roles', ${list(
    `json_build_object('id', r.id, 'tenant', r.tenant_id,
      'features', array(select f.code from iam.role_features rf join iam.features f on f.id = rf.feature_id where rf.role_id = r.id order by f.code),
      'includes', array(select i.included_role_id from iam.role_includes i where i.role_id = r.id order by i.included_role_id))`,
    `iam.roles r where r.tenant_id is null or ${inTenants("r")}`,
    "r.id",
  )},
  'grants', ${list(
    `json_build_object('id', a.id, 'scope', case when a.tenant_id is null then 'global' else a.scope_id::text end, 'effect', a.effect, 'period', ${period("a")},
      'to', case when a.user_id is null then json_build_object('group', a.group_id) else json_build_object('user', a.user_id) end,
      'gives', case when a.role_id is null then json_build_object('feature', (select f.code from iam.features f where f.id = a.feature_id)) else json_build_object('role', a.role_id) end)`,
    `iam.grants a where ${inTenants("a")} or (a.tenant_id is null and a.user_id in (select id from u))`,
    "a.id",
  )},
  'apiKeys', ${list(
    `json_build_object('id', k.id, 'tenant', k.tenant_id, 'owner', k.user_id, 'isRevoked', k.revoked_at is not null, 'expires', ${seconds("k.expires_at")},
      'gives', coalesce((select json_agg(json_build_object('feature', f.code, 'scope', g.scope_id) order by f.code, g.scope_id)
        from iam.api_key_grants g join iam.features f on f.id = g.feature_id where g.api_key_id = k.id), '[]'))`,
    `iam.api_keys k where ${inTenants("k")}`,
    "k.id",
  )},
  'identities', ${list("json_build_object('id', i.id, 'user', i.user_id, 'isEnabled', i.is_enabled)", "iam.identities i where i.user_id in (select id from u)", "i.id")},
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
  'mappings', ${list("json_build_object('id', m.id, 'group', m.group_id)", `iam.group_mappings m where ${inTenants("m")}`, "m.id")}
) as world`;
