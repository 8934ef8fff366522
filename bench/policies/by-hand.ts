/** In charge of what is written by hand where somebody else has decided: less than the policies do. */
import type { Statement } from "../../src/database/session.js";
import type { Known } from "./known.js";

/** The 51 newest rows, in the form that the gateway answers them in. */
export function pageOf(where: string): string {
  return `select json_build_object('rows', coalesce(json_agg(json_build_object('nodes',
      json_build_object('id', id, 'title', title, 'createdAt', created_at))), '[]'::json)) as data
    from (select id, title, created_at from todos where ${where} order by created_at desc, id desc limit 51) page`;
}

/** Each case by its name. `given` has scopes and shares as values; `joined` looks them up, as far as he doesn't hold everything. */
export function byHand(
  known: Known,
  [createdAt, id]: readonly string[],
  form: "given" | "joined",
): Readonly<Record<string, Statement>> {
  const { sql: isHis, parameters } = form === "given" ? asValues(known) : asJoins(known);
  const list = (more: string): Statement => ({
    sql: pageOf(`${isHis("todos.read", "can_read")}${more}`),
    parameters,
  });
  return {
    "list 50": list(""),
    "keyset page": list(` and (created_at, id) < ('${createdAt}'::timestamptz, '${id}'::uuid)`),
    count: { sql: `select count(*) from todos where ${isHis("todos.read", "can_read")}`, parameters },
    "point read": {
      sql: `select json_build_object('id', id, 'title', title) from todos where ${isHis("todos.read", "can_read")} and id = '${known.one}'`,
      parameters,
    },
    insert: {
      sql: `insert into todos (tenant_id, owner_id, scope_id, title) select '${known.tenant}', '${known.me}', s.id, 'A new one' from iam.scopes s where s.tenant_id = '${known.tenant}' and s.parent_id is null returning id`,
      parameters: [],
    },
    update: {
      sql: `update todos set title = 'Another' where ${isHis("todos.update", "can_write")} and id = '${known.own}' returning id`,
      parameters,
    },
  };
}

interface Condition {
  readonly sql: (feature: string, flag: string) => string;
  readonly parameters: readonly unknown[];
}

function asValues({ me, tenant, everywhere, scopes, shared }: Known): Condition {
  if (everywhere) return { sql: () => "tenant_id = $1", parameters: [tenant] };
  return {
    sql: () => "tenant_id = $1 and (owner_id = $2 or scope_id = any($3::uuid[]) or id = any($4::uuid[]))",
    parameters: [tenant, me, scopes, shared],
  };
}

// Without nesting, periods, denials, or asking whether anybody is still active: less than the policies do.
function asJoins({ me, tenant, everywhere }: Known): Condition {
  const grants = (feature: string): string => `from iam.grants g
    where g.tenant_id = $1 and g.user_id = $2 and (
      g.feature_id in (select c.ancestor_id from iam.features f join iam.feature_closure c on c.feature_id = f.id where f.code = '${feature}')
      or g.role_id in (select r.role_id from iam.role_features r join iam.feature_closure c on c.ancestor_id = r.feature_id join iam.features f on f.id = c.feature_id where f.code = '${feature}'))`;
  const shares = (flag: string): string => `select s.todo_id from todo_shares s
    where s.tenant_id = $1 and s.${flag} and (s.user_id = $2 or s.group_id = any (array(select m.group_id from iam.group_members m where m.tenant_id = $1 and m.user_id = $2)))`;
  return {
    sql: (feature, flag) =>
      everywhere
        ? `tenant_id = $1 and exists (select ${grants(feature)})`
        : `tenant_id = $1 and (owner_id = $2
             or scope_id = any (array(select c.scope_id from iam.scope_closure c where c.tenant_id = $1 and c.ancestor_id = any (array(select g.scope_id ${grants(feature)}))))
             or id = any (array(${shares(flag)})))`,
    parameters: [tenant, me],
  };
}
