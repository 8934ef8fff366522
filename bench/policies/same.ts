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
    return `with ${reading} select ${eitherWay(page, compare)}`;
  };
  const may = (command: Command): string =>
    `(owner_id = $2 or ${isEverywhere(command)} or ${isReached(command, compare)})`;
  const isSeen = `tenant_id = $1 and ${isAlive} and ${may("read")}`;
  const statements = {
    "list 50": list(""),
    "keyset page": list(` and (created_at, id) < ('${createdAt}'::timestamptz, '${id}'::uuid)`),
    count: `with ${reading} select ${eitherWay((where) => `(select count(*) from todos where ${where})`, compare)}`,
    "point read": `with ${reading}
      select json_build_object('id', id, 'title', title) from todos where ${isSeen} and id = '${known.one}'`,
    insert: `with ${alive}
      insert into todos (tenant_id, owner_id, scope_id, title)
      select $1, $2, s.id, 'A new one' from iam.scopes s
      where s.tenant_id = $1 and s.parent_id is null and ${isAlive}
        and exists (select from iam.tenant_members m where m.tenant_id = $1 and m.user_id = $2 and m.deleted_at is null)
      returning id`,
    // who changes a row that he names sees it, too
    update: `with ${reading}, ${held("update")}
      update todos set title = 'Another' where ${isSeen} and ${may("update")} and id = '${known.own}' returning id`,
  };
  const parameters = [known.tenant, known.me, known.identity];
  return Object.fromEntries(Object.entries(statements).map(([name, sql]) => [name, { sql, parameters }]));
}

type Command = "read" | "update";

const flags = { read: "can_read", update: "can_write" } as const;

// Who holds everything walks the tenant, anybody else goes by what is his: told apart once, so that each has the plan it needs.
function eitherWay(answer: (where: string) => string, compare: Comparison): string {
  const all = `tenant_id = $1 and ${isAlive}`;
  const own = `${all} and (owner_id = $2 or ${isReached("read", compare)})`;
  return `case when ${isEverywhere("read")} then ${answer(all)} else ${answer(own)} end as data`;
}

const isAlive = "(select is_alive from alive)";

function isEverywhere(command: Command): string {
  return `(select is_everywhere from ${command}_held)`;
}

function isReached(command: Command, compare: Comparison): string {
  const [places, shared] = [`select scope_id from ${command}_places`, `select todo_id from ${command}_shared`];
  return compare === "arrays"
    ? `scope_id = any (array(${places})) or id = any (array(${shared}))`
    : `scope_id in (${places}) or id in (${shared})`;
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

const groups = `groups as materialized (
    select distinct c.group_id from iam.group_members m join iam.group_closure c on c.included_group_id = m.group_id
    where m.tenant_id = $1 and m.user_id = $2 and ${isNow("m")})`;

function held(command: Command): string {
  return `${command}_above as materialized (
    select c.ancestor_id from iam.features f join iam.feature_closure c on c.feature_id = f.id where f.code = 'todos.${command}'),
  ${command}_held as materialized (
    select
      coalesce(bool_or(g.effect = 'allow' and s.id is not null) and not bool_or(g.effect = 'deny'), false) as is_everywhere,
      array_agg(g.scope_id) filter (where g.effect = 'allow') as allowed,
      array_agg(g.scope_id) filter (where g.effect = 'deny') as denied
    from iam.grants g
    left join iam.scopes s on s.id = g.scope_id and s.parent_id is null
    where (g.user_id = $2 or g.group_id = any (array(select group_id from groups)))
      and (g.tenant_id = $1 or g.tenant_id is null)
      and (
        g.feature_id = any (array(select ancestor_id from ${command}_above))
        or g.role_id = any (array(
          select c.role_id from iam.role_features r join iam.role_closure c on c.included_role_id = r.role_id
          where r.feature_id = any (array(select ancestor_id from ${command}_above)) and (c.tenant_id = $1 or c.tenant_id is null)))
      )
      and ${isNow("g")}),
  ${command}_places as materialized (
    select distinct c.scope_id from iam.scope_closure c
    where c.tenant_id = $1 and c.ancestor_id = any ((select allowed from ${command}_held)::uuid[])
      and ((select denied from ${command}_held) is null or not exists (
        select from iam.scope_closure d where d.scope_id = c.scope_id and d.ancestor_id = any ((select denied from ${command}_held)::uuid[])))),
  ${command}_shared as materialized (
    select s.todo_id from todo_shares s
    where s.tenant_id = $1 and s.${flags[command]} and (s.user_id = $2 or s.group_id = any (array(select group_id from groups))))`;
}

// What every reading asks.
const reading = `${alive},
  ${groups},
  ${held("read")}`;
