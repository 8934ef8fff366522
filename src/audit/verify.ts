/** In charge of walking the chain of seals from its beginning. */
import { withConnection } from "../database/with-connection.js";

/** What a walk over the whole chain found. */
export interface Verdict {
  /** The first event that is not what was sealed; null when all of them are. */
  readonly brokenAt: string | null;
  /** The hash of the last event that is what was sealed; null when there is none. */
  readonly head: string | null;
}

/**
 * Walks the chain as the login of `url`.
 * @throws StartupError when nobody answers there
 */
export function verifyEvents(url: string): Promise<Verdict> {
  return withConnection(url, async (client) => {
    const { rows } = await client.query<Verdict>('select broken_at as "brokenAt", head from iam.verify_audit_events()');
    return rows[0] ?? { brokenAt: null, head: null };
  });
}
