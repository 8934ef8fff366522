/**
 * In charge of the whole decision as somebody would write it by hand: one statement that asks no function of iam and stands
 * under no policy, and answers the same rows: everybody alive, groups in groups, roles in roles, features above, periods,
 * deny, owner, shares. A session that somebody else acts in, or that a key opened, gets nothing: another statement answers it.
 */
import type { Statement } from "../../src/database/session.js";
import { pageOf } from "./by-hand.js";
import type { Known } from "./known.js";

/** How scopes and shares are compared: as arrays, which an index answers, or as sets, which are hashed. */
export type Comparison = "arrays" | "sets";

/** Each case by its name. */
export function theSameByHand(
  known: Known,
  [createdAt, id]: readonly string[],
  compare: Comparison,
): Readonly<Record<string, Statement>> {
  const list = (more: string): string => {
    const page = (where: string): string => `(${pageOf(`${where}${more}`)})`;
    return `with ${authority("todos.read", "can_read")} select ${eitherWay(page, compare)}`;
  };
  const isHis = `tenant_id = $1 and ${isAlive} and (owner_id = $2 or ${isEverywhere} or ${isReached(compare)})`;
  const statements = {
    "list 50": list(""),
    "keyset page": list(` and (created_at, id) < ('${createdAt}'::timestamptz, '${id}'::uuid)`),
    count: `with ${authority("todos.read", "can_read")} select ${eitherWay((where) => `(select count(*) from todos where ${where})`, compare)}`,
    "point read": `with ${authority("todos.read", "can_read")}
      select json_build_object('id', id, 'title', title) from todos where ${isHis} and id = '${known.one}'`,
    insert: `with ${alive}
      insert into todos (tenant_id, owner_id, scope_id, title)
      select $1, $2, s.id, 'A new one' from iam.scopes s
      where s.tenant_id = $1 and s.parent_id is null and ${isAlive}
        and exists (select from iam.tenant_members m where m.tenant_id = $1 and m.user_id = $2 and m.deleted_at is null)
      returning id`,
    update: `with ${authority("todos.update", "can_write")}
      update todos set title = 'Another' where ${isHis} and id = '${known.own}' returning id`,
  };
  const parameters = [known.tenant, known.me, known.identity];
  return Object.fromEntries(Object.entries(statements).map(([name, sql]) => [name, { sql, parameters }]));
}

// Who holds everything walks the tenant, anybody else goes by what is his: told apart once, so that each has the plan it needs.
function eitherWay(answer: (where: string) => string, compare: Comparison): string {
  const all = `tenant_id = $1 and ${isAlive}`;
  return `case when ${isEverywhere} then ${answer(all)} else ${answer(`${all} and (owner_id = $2 or ${isReached(compare)})`)} end as data`;
}

const isAlive = "(select is_alive from alive)";
const isEverywhere = "(select is_everywhere from held)";

function isReached(compare: Comparison): string {
  return compare === "arrays"
    ? "scope_id = any (array(select scope_id from places)) or id = any (array(select todo_id from shared))"
    : "scope_id in (select scope_id from places) or id in (select todo_id from shared)";
}

const isNow = (row: string): string =>
  `(${row}.valid_from is null or ${row}.valid_from <= statement_timestamp()) and (${row}.valid_until is null or ${row}.valid_until > statement_timestamp())`;

const alive = `alive as materialized (
  select coalesce(current_setting('app.actor_id', true), '') = '' and coalesce(current_setting('app.api_key_id', true), '') = ''
    and exists (select from iam.users u where u.id = $2 and u.is_active and not u.is_locked)
    and exists (
      select from iam.identities i join iam.providers p on p.id = i.provider_id
      where i.id = $3 and i.user_id = $2 and i.is_enabled and p.is_enabled)
    and exists (select from iam.tenants t where t.id = $1 and t.deleted_at is null)
    and (
      exists (select from iam.tenant_members m where m.tenant_id = $1 and m.user_id = $2 and m.deleted_at is null)
      or exists (
        select from iam.grants g join iam.scopes s on s.id = g.scope_id and s.tenant_id is null
        where g.user_id = $2 and g.effect = 'allow' and ${isNow("g")})
    ) as is_alive)`;

function authority(feature: string, flag: string): string {
  return `${alive},
  groups as materialized (
    select distinct c.group_id from iam.group_members m join iam.group_closure c on c.included_group_id = m.group_id
    where m.tenant_id = $1 and m.user_id = $2 and ${isNow("m")}),
  above as materialized (
    select c.ancestor_id from iam.features f join iam.feature_closure c on c.feature_id = f.id where f.code = '${feature}'),
  held as materialized (
    select
      coalesce(bool_or(g.effect = 'allow' and s.id is not null) and not bool_or(g.effect = 'deny'), false) as is_everywhere,
      array_agg(g.scope_id) filter (where g.effect = 'allow') as allowed,
      array_agg(g.scope_id) filter (where g.effect = 'deny') as denied
    from iam.grants g
    left join iam.scopes s on s.id = g.scope_id and s.parent_id is null
    where (g.user_id = $2 or g.group_id = any (array(select group_id from groups)))
      and (g.tenant_id = $1 or g.tenant_id is null)
      and (
        g.feature_id = any (array(select ancestor_id from above))
        or g.role_id = any (array(
          select c.role_id from iam.role_features r join iam.role_closure c on c.included_role_id = r.role_id
          where r.feature_id = any (array(select ancestor_id from above)) and (c.tenant_id = $1 or c.tenant_id is null)))
      )
      and ${isNow("g")}),
  places as materialized (
    select distinct c.scope_id from iam.scope_closure c
    where c.tenant_id = $1 and c.ancestor_id = any ((select allowed from held)::uuid[])
      and ((select denied from held) is null or not exists (
        select from iam.scope_closure d where d.scope_id = c.scope_id and d.ancestor_id = any ((select denied from held)::uuid[])))),
  shared as materialized (
    select s.todo_id from todo_shares s
    where s.tenant_id = $1 and s.${flag} and (s.user_id = $2 or s.group_id = any (array(select group_id from groups))))`;
}
