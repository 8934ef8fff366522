/** In charge of what a test's world has beside the demo world: written by the owner, in the words of the demo world. */
import type { TestDatabase } from "./database.js";

/** A grant to be written: `scope` as type/key, `user` by e-mail, `group` by name. */
export interface GrantToArrange {
  readonly user?: string;
  readonly group?: string;
  readonly role?: string;
  readonly feature?: string;
  readonly scope: string;
  readonly tenant?: string;
  readonly effect?: "allow" | "deny";
  /** Seconds from now. */
  readonly from?: number;
  readonly until?: number;
}

/** A group to be written. */
export interface GroupToArrange {
  readonly name: string;
  readonly tenant?: string;
  readonly owner?: string;
  readonly members?: readonly string[];
  /** Names of groups whose members count as its own. */
  readonly includes?: readonly string[];
}

/** A role of acme to be written. */
export interface RoleToArrange {
  readonly code: string;
  readonly features?: readonly string[];
  readonly includes?: readonly string[];
  readonly tenant?: string;
}

/** Writes what a test begins with. */
export function arranger(database: TestDatabase) {
  const one = async (text: string, parameters: readonly unknown[]): Promise<string> => {
    const { rows } = await database.owner.query<{ id: string }>(text, [...parameters]);
    if (rows.length !== 1 || rows[0] === undefined) throw new TypeError(`Arranged ${rows.length} rows by: ${text}`);
    return rows[0].id;
  };
  return {
    user: async (email: string, tenants: readonly string[] = ["acme"]): Promise<string> => {
      const id = await one("insert into iam.users (email) values ($1) returning id", [email]);
      await database.owner.query(
        "insert into iam.identities (provider_id, subject, user_id) select id, $1, $2 from iam.providers where code = 'demo'",
        [email, id],
      );
      await database.owner.query(
        "insert into iam.tenant_members (tenant_id, user_id) select id, $1 from iam.tenants where slug = any ($2)",
        [id, tenants],
      );
      return id;
    },
    feature: (code: string): Promise<string> =>
      one("insert into iam.features (code, parent_id) select $1, id from iam.features where code = $2 returning id", [
        code,
        code.includes(".") ? code.replace(/\.[^.]*$/, "") : "*",
      ]),
    scope: (parent: string, type: string, key: string, tenant = "acme"): Promise<string> =>
      one(
        `insert into iam.scopes (tenant_id, parent_id, type, key)
         select s.tenant_id, s.id, $1, $2 from iam.scopes s join iam.tenants t on t.id = s.tenant_id
         where t.slug = $3 and s.type || '/' || s.key = $4 returning id`,
        [type, key, tenant, parent],
      ),
    role: async ({ code, features = [], includes = [], tenant = "acme" }: RoleToArrange): Promise<string> => {
      const id = await one(
        "insert into iam.roles (tenant_id, code, name) select id, $1, $1 from iam.tenants where slug = $2 returning id",
        [code, tenant],
      );
      await database.owner.query(
        "insert into iam.role_features (role_id, feature_id, tenant_id) select r.id, f.id, r.tenant_id from iam.roles r, iam.features f where r.id = $1 and f.code = any ($2)",
        [id, features],
      );
      await database.owner.query(
        `insert into iam.role_includes (role_id, included_role_id, tenant_id)
         select r.id, i.id, r.tenant_id from iam.roles r
         join iam.roles i on i.code = any ($2) and (i.tenant_id = r.tenant_id or i.tenant_id is null) where r.id = $1`,
        [id, includes],
      );
      return id;
    },
    group: async ({ name, tenant = "acme", owner, members = [], includes = [] }: GroupToArrange): Promise<string> => {
      const id = await one(
        `insert into iam.groups (tenant_id, name, owner_id)
         select t.id, $1, (select u.id from iam.users u where u.email = $3) from iam.tenants t where t.slug = $2 returning id`,
        [name, tenant, owner ?? null],
      );
      await database.owner.query(
        `insert into iam.group_members (tenant_id, group_id, user_id)
         select g.tenant_id, g.id, u.id from iam.groups g join iam.users u on u.email = any ($2) where g.id = $1`,
        [id, members],
      );
      await database.owner.query(
        `insert into iam.group_includes (tenant_id, group_id, included_group_id)
         select g.tenant_id, g.id, i.id from iam.groups g
         join iam.groups i on i.tenant_id = g.tenant_id and i.name = any ($2) where g.id = $1`,
        [id, includes],
      );
      return id;
    },
    grant: (given: GrantToArrange): Promise<string> =>
      one(
        `insert into iam.grants (tenant_id, user_id, group_id, role_id, feature_id, scope_id, effect, valid_from, valid_until)
         select s.tenant_id, u.id, g.id, r.id, f.id, s.id, $1::iam.grant_effect,
                now() + $2::float8 * interval '1 second', now() + $3::float8 * interval '1 second'
         from iam.scopes s
         left join iam.tenants t on t.id = s.tenant_id
         left join iam.users u on u.email = $4
         left join iam.groups g on g.name = $5 and g.tenant_id = s.tenant_id
         left join iam.roles r on r.code = $6 and (r.tenant_id = s.tenant_id or r.tenant_id is null)
         left join iam.features f on f.code = $7
         where s.type || '/' || s.key = $8 and (t.slug = $9 or s.tenant_id is null)
         returning id`,
        [
          given.effect ?? "allow",
          given.from ?? null,
          given.until ?? null,
          given.user ?? null,
          given.group ?? null,
          given.role ?? null,
          given.feature ?? null,
          given.scope,
          given.tenant ?? "acme",
        ],
      ),
  };
}
