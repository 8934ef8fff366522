/** In charge of the statements that write and seal the audit: as the gateway's own login, outside of any session. */
import type { Pool } from "../database/pool.js";
import type { AuditRecord } from "./events.js";
import { type Sealed, sealedAtOnce } from "./seal.js";

type Query = Pick<Pool, "query">;

/** Writes events, all or none. */
export async function writeEvents(pool: Query, events: readonly AuditRecord[]): Promise<void> {
  await pool.query({ sql: "select iam.record_attempts($1::jsonb)", parameters: [JSON.stringify(events)] });
}

/** Seals at most `sealedAtOnce` committed events. */
export async function sealEvents(pool: Query): Promise<Sealed> {
  const sql = "select sealed, head from iam.seal_audit_events($1)";
  const [row] = await pool.query<{ sealed: number; head: string | null }>({ sql, parameters: [sealedAtOnce] });
  return row ?? { sealed: 0, head: null };
}
