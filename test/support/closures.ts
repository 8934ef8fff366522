/** In charge of what the closures must say: each derived anew from the edges alone, by the plainest recursion there is. */
import type { TestDatabase } from "./database.js";

const derivations: Readonly<Record<string, { readonly stored: string; readonly derived: string }>> = {
  scopes: {
    stored: "select ancestor_id as above, scope_id as below, tenant_id as tenant from iam.scope_closure",
    derived: `
      with recursive up (above, below, tenant) as (
        select id, id, tenant_id from iam.scopes
        union
        select s.parent_id, up.below, up.tenant from up join iam.scopes s on s.id = up.above where s.parent_id is not null
      )
      select * from up
      union
      select g.id, s.id, s.tenant_id from iam.scopes g, iam.scopes s where g.tenant_id is null`,
  },
  features: {
    stored: "select ancestor_id as above, feature_id as below, null::uuid as tenant from iam.feature_closure",
    derived: `
      with recursive up (above, below) as (
        select id, id from iam.features
        union
        select f.parent_id, up.below from up join iam.features f on f.id = up.above where f.parent_id is not null
      )
      select above, below, null::uuid from up`,
  },
  roles: {
    stored: "select role_id as above, included_role_id as below, tenant_id as tenant from iam.role_closure",
    derived: `
      with recursive down (above, below, tenant) as (
        select id, id, tenant_id from iam.roles
        union
        select down.above, i.included_role_id, down.tenant from down join iam.role_includes i on i.role_id = down.below
      )
      select * from down`,
  },
  groups: {
    stored: "select group_id as above, included_group_id as below, tenant_id as tenant from iam.group_closure",
    derived: `
      with recursive up (above, below, tenant) as (
        select id, id, tenant_id from iam.groups where is_active
        union
        select i.group_id, up.below, up.tenant
        from up
        join iam.group_includes i on i.included_group_id = up.above
        join iam.groups g on g.id = i.group_id and g.is_active
      )
      select * from up`,
  },
};

/** What the stored closures have too much or too little, by closure. Empty when they say what the edges say. */
export async function closureFaults(database: TestDatabase): Promise<readonly string[]> {
  const faults: string[] = [];
  for (const [name, { stored, derived }] of Object.entries(derivations)) {
    const { rows } = await database.owner.query<{ too: string; count: number }>(`
      select 'much' as too, count(*)::int as count from (${stored} except (${derived})) extra having count(*) > 0
      union all
      select 'little', count(*)::int from ((${derived}) except ${stored}) missing having count(*) > 0`);
    faults.push(...rows.map(({ too, count }) => `${name}: ${count} too ${too}`));
  }
  return faults;
}
