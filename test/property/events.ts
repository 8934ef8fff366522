/** In charge of reading the trail back: what was written behind a moment, in its order. */
import type pg from "pg";

/** An event, as far as histories judge it. */
export interface Event {
  readonly code: number;
  readonly outcome: "success" | "failure" | "denied";
  readonly user: string | null;
  readonly actor: string | null;
}

/** The number of the last event. */
export async function lastEvent(owner: pg.Pool): Promise<number> {
  const { rows } = await owner.query<{ id: number }>(
    "select coalesce(max(number), 0)::int as id from iam.audit_events",
  );
  return rows[0]?.id ?? 0;
}

/** The events behind one. */
export async function eventsSince(owner: pg.Pool, since: number): Promise<readonly Event[]> {
  const { rows } = await owner.query<Event>(
    "select code, outcome, user_id as user, actor_id as actor from iam.audit_events where number > $1 order by number",
    [since],
  );
  return rows;
}
