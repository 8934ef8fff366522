/** In charge of what is known of a caller before anything is measured. */
import type { Link } from "./link.js";

/** A caller, and what he was found to hold. */
export interface Known {
  readonly me: string;
  readonly tenant: string;
  readonly identity: string;
  readonly everywhere: boolean;
  readonly scopes: readonly string[];
  readonly shared: readonly string[];
  /** The newest todo that he sees. */
  readonly one: string;
  /** One of his own; the newest that he sees when he has none. */
  readonly own: string;
}

/** Asks it in the caller's own session. Throws when he sees nothing. */
export async function knownOf(session: Link): Promise<Known> {
  const [row] = await session.ask({
    sql: `select json_build_object(
      'me', iam.caller_id(), 'tenant', iam.caller_tenant_id(), 'identity', current_setting('app.identity_id'),
      'everywhere', iam.holds_everywhere('todos.read'),
      'scopes', array(select iam.scopes_with('todos.read')), 'shared', array(select iam.shared_todos('read', 'caller')),
      'one', newest.id, 'own', coalesce((select id from todos where owner_id = iam.caller_id() limit 1), newest.id))
      from (select id from todos order by created_at desc limit 1) newest`,
    parameters: [],
  });
  if (row?.[0] == null) throw new RangeError("The caller sees nothing.");
  return JSON.parse(row[0]) as Known;
}
