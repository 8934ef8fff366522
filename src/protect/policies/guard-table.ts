/** In charge of the whole SQL that guards one table: ownership, forced row-level security, column grants, policies, triggers. */
import type { Protection, Reference, ShareTable } from "./protection.js";
import { rowPolicies } from "./row-policies.js";
import { sharePolicies } from "./share-policies.js";
import { literal, name, qualified } from "./spelling.js";
import { sharedFunction } from "./terms.js";
import { waysFunction } from "./ways-function.js";

/** The statements, in the order in which one reads them; each ends with a new line. */
export function guardTable(protection: Protection): string {
  const { shares } = protection;
  return [
    ...(shares ? [sharedRows(protection, shares)] : []),
    waysFunction(protection),
    secured(protection),
    granted(protection),
    ...rowPolicies(protection),
    ...(protection.isStamped ? [stamped(protection)] : []),
    ...protection.references.map((reference) => seen(protection, reference)),
    ...(shares ? [locked(shares), secured(shares), grantedShares(shares), ...sharePolicies(protection, shares)] : []),
  ].join("\n");
}

function sharedRows(protection: Protection, shares: ShareTable): string {
  const signature = `${sharedFunction(protection)}(text, text)`;
  return `create function ${sharedFunction(protection)}(command text, whose text)
returns setof uuid
language plpgsql stable parallel safe
security definer set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan
as $$
declare
  tenant uuid := nullif(current_setting('app.tenant_id', true), '');
  person uuid := iam.named(whose);
  in_groups uuid[] := array(select iam.groups_of(person, tenant));
begin
  return query
  select s.${name(shares.row)}
  from ${qualified(shares)} s
  where s.tenant_id = tenant
    and case command when 'read' then s.can_read when 'update' then s.can_write when 'delete' then s.can_delete end
    and (s.user_id = person or s.group_id = any (in_groups));
end
$$;
comment on function ${signature} is
  ${literal(`The ${protection.plural} shared for read, update or delete with the caller, or with whoever acts as him.`)};
alter function ${signature} owner to iam_definer;
revoke all on function ${signature} from public;
grant execute on function ${signature} to web_user, web_anon;
`;
}

function secured(table: { readonly schema: string; readonly table: string }): string {
  const on = qualified(table);
  return `alter table ${on} owner to api_owner;
alter table ${on} enable row level security;
alter table ${on} force row level security;
`;
}

function granted(protection: Protection): string {
  const { schema, commands, insertable, updatable, isPublic } = protection;
  const on = qualified(protection);
  const whole = commands.has("delete") ? "select, delete" : "select";
  return [
    ...(schema === "public" ? [] : [`grant usage on schema ${name(schema)} to web_user, web_anon, iam_definer;`]),
    ...(isPublic ? [`grant select on ${on} to web_anon;`] : []),
    `grant ${whole} on ${on} to web_user;`,
    ...(commands.has("create") ? [`grant insert ${columns(insertable)} on ${on} to web_user;`] : []),
    ...(commands.has("update") ? [`grant update ${columns(updatable)} on ${on} to web_user;`] : []),
    `grant select, insert, update, delete on ${on} to iam_definer;`,
    "",
  ].join("\n");
}

function columns(names: readonly string[]): string {
  return `(${names.map(name).join(", ")})`;
}

function stamped(protection: Protection): string {
  return `create trigger touch before update on ${qualified(protection)}
  for each row execute function iam.touch();
`;
}

function seen(protection: Protection, { column, to }: Reference): string {
  const referred = [column, qualified(to), to.column].map(literal).join(", ");
  return `create trigger ${name(`see_${column}`)} before insert or update of ${name(column)} on ${qualified(protection)}
  for each row execute function iam.require_visible(${referred});
`;
}

function locked(shares: ShareTable): string {
  return `create trigger lock before insert or update or delete on ${qualified(shares)}
  for each statement execute function iam.lock_before_write();
`;
}

function grantedShares(shares: ShareTable): string {
  const on = qualified(shares);
  return `grant select, delete on ${on} to web_user;
grant insert (${name(shares.row)}, group_id, user_id, can_read, can_write, can_delete) on ${on} to web_user;
grant update (can_read, can_write, can_delete) on ${on} to web_user;
grant select, insert, update, delete on ${on} to iam_definer;
`;
}
