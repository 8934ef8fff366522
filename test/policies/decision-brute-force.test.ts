/** In charge of the sets that policies ask being the decision: against a recursive query over the edges, in a random world. */
import { beforeAll, describe, expect, test } from "vitest";
import { arranger } from "../support/arrange.js";
import { useCallers } from "../support/callers.js";

const { as, database } = useCallers();
const arrange = arranger(database);
const people = Array.from({ length: 10 }, (_, n) => `random${n}@acme.test`);

// everything is thrown by the database's own generator, seeded: the same world in each run
beforeAll(async () => {
  for (const email of people) await arrange.user(email);
  await database.owner.query(`
    select setseed(0.20261121);
    insert into iam.features (code, parent_id) select 'r' || n, id from iam.features, generate_series(1, 4) n where code = '*';
    insert into iam.features (code, parent_id) select code || '.a', id from iam.features where code ~ '^r[0-9]$';
    insert into iam.features (code, parent_id) select code || '.b', id from iam.features where code ~ '^r[0-9]\\.a$';
    insert into iam.roles (tenant_id, code, name) select id, 'role' || n, 'Role' from iam.tenants, generate_series(1, 8) n where slug = 'acme';
    insert into iam.role_features (role_id, feature_id, tenant_id)
      select r.id, f.id, r.tenant_id from iam.roles r, iam.features f where r.code ~ '^role' and f.code ~ '^r[0-9]' and random() < 0.15;
    insert into iam.role_includes (role_id, included_role_id, tenant_id)
      select a.id, b.id, a.tenant_id from iam.roles a, iam.roles b where a.code ~ '^role' and b.code ~ '^role' and a.code < b.code and random() < 0.2;
    insert into iam.groups (tenant_id, name, is_active) select id, 'random' || n, random() < 0.8 from iam.tenants, generate_series(1, 9) n where slug = 'acme';
    insert into iam.group_includes (tenant_id, group_id, included_group_id)
      select a.tenant_id, a.id, b.id from iam.groups a, iam.groups b where a.name ~ '^random' and b.name ~ '^random' and a.name < b.name and random() < 0.25;
    insert into iam.group_members (tenant_id, group_id, user_id, valid_until)
      select g.tenant_id, g.id, u.id, case when random() < 0.2 then now() - interval '1 hour' end
      from iam.groups g, iam.users u where g.name ~ '^random' and u.email ~ '^random' and random() < 0.2;
    insert into iam.scopes (tenant_id, parent_id, type, key) select tenant_id, id, 'floor', key || n from iam.scopes, generate_series(1, 2) n where type in ('campus', 'store');
    insert into iam.grants (tenant_id, user_id, feature_id, scope_id, effect)
      select s.tenant_id, u.id, f.id, s.id, (case when random() < 0.3 then 'deny' else 'allow' end)::iam.grant_effect
      from iam.users u, iam.features f, iam.scopes s, iam.tenants t where t.slug = 'acme' and s.tenant_id = t.id and u.email ~ '^random' and f.code ~ '^r[0-9]' and random() < 0.02;
    insert into iam.grants (tenant_id, group_id, role_id, scope_id, valid_from)
      select s.tenant_id, g.id, r.id, s.id, case when random() < 0.2 then now() + interval '1 hour' end
      from iam.groups g, iam.roles r, iam.scopes s where s.tenant_id = g.tenant_id and r.tenant_id = g.tenant_id and g.name ~ '^random' and r.code ~ '^role' and random() < 0.04`);
});

const derived = `
  with recursive
  me as (select id from iam.users where email = $1),
  in_group (id) as (
    select m.group_id from iam.group_members m join iam.groups g on g.id = m.group_id and g.is_active
    where m.user_id = (select id from me) and (m.valid_until is null or m.valid_until > now())
    union
    select i.group_id from in_group join iam.group_includes i on i.included_group_id = in_group.id join iam.groups g on g.id = i.group_id and g.is_active
  ),
  above (id) as (
    select id from iam.features where code = $2
    union
    select f.parent_id from above join iam.features f on f.id = above.id where f.parent_id is not null
  ),
  giving (id) as (
    select role_id from iam.role_features where feature_id in (select id from above)
    union
    select i.role_id from giving join iam.role_includes i on i.included_role_id = giving.id
  ),
  live as (
    select scope_id, effect from iam.grants
    where (user_id = (select id from me) or group_id in (select id from in_group))
      and (feature_id in (select id from above) or role_id in (select id from giving))
      and (valid_from is null or valid_from <= now()) and (valid_until is null or valid_until > now())
  ),
  reached (id, effect) as (
    select scope_id, effect from live
    union
    select s.id, reached.effect from reached join iam.scopes s on s.parent_id = reached.id
  )
  select coalesce(array_agg(key order by key), '{}') as keys from (
    select s.type || '/' || s.key as key from iam.scopes s
    where s.id in (select id from reached where effect = 'allow') and s.id not in (select id from reached where effect = 'deny')
  ) held`;

const asked = `
  select coalesce(array_agg(s.type || '/' || s.key order by s.type || '/' || s.key), '{}') as keys
  from iam.scopes s where s.id in (select iam.scopes_with($1))`;

describe("scopes_with", () => {
  test.each(people)("answers %s with what the edges say, feature by feature, and hides the rest", async (person) => {
    const { rows: features } = await database.owner.query<{ code: string }>(
      "select code from iam.features where code ~ '^r[0-9]' order by 1",
    );
    const { rows: everywhere } = await database.owner.query<{ n: number }>(
      "select count(*)::int as n from iam.scopes s join iam.tenants t on t.id = s.tenant_id and t.slug = 'acme'",
    );
    for (const { code } of features) {
      const { rows } = await database.owner.query<{ keys: readonly string[] }>(derived, [person, code]);
      const keys = rows[0]?.keys ?? [];
      expect([code, await as(person).read(asked, code)]).toEqual([code, [{ keys }]]);
      const [answers] = await as(person).read(
        `select iam.holds_everywhere($1) as everywhere, iam.holds_somewhere($1) as somewhere,
                (select count(*)::int from unnest($2::text[]) k where iam.can($1, k)) as can, iam.can($1, 'floor/421') as floor`,
        code,
        keys,
      );
      expect(answers).toMatchObject({
        somewhere: keys.length > 0,
        can: keys.length,
        floor: keys.includes("floor/421"),
      });
      if (answers?.everywhere === true) expect(keys).toHaveLength(everywhere[0]?.n ?? -1);
    }
  });

  test("finds the world worth asking: held, and held back, in many ways", async () => {
    const { rows } = await database.owner.query(
      "select count(*) filter (where effect = 'deny') > 5 as denies, count(group_id) > 5 as groups, count(valid_from) > 0 as dated from iam.grants",
    );
    expect(rows).toEqual([{ denies: true, groups: true, dated: true }]);
  });
});
