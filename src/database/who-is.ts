/** In charge of asking the database whom it takes a caller for, outside of the gateway: nothing is written, nobody is provisioned. */
import type { Caller } from "../caller.js";
import { GatewayError } from "../errors.js";
import { createPool } from "./pool.js";
import { createSessions } from "./session.js";

/** Whom a caller's session is opened for, or the rule that keeps it shut. */
export type WhoIs =
  | {
      readonly kind: string;
      readonly user: string | null;
      readonly tenant: string | null;
      readonly actor: string | null;
    }
  | { readonly refused: string; readonly reason: unknown };

const patienceMillis = 5_000;

/** Opens a session as the caller, and ends it. Rejects when the database can't be asked. */
export async function whoIs(url: string, caller: Caller): Promise<WhoIs> {
  const pool = createPool({ url, size: 1, acquireTimeoutMillis: patienceMillis, prepare: false });
  const session = createSessions(pool).open(caller, {
    mode: "read",
    isSingleStatement: false,
    changesAuthority: false,
    requestId: "",
  });
  try {
    const { kind, userId, tenantId, actorId } = await session.identity();
    return { kind, user: userId, tenant: tenantId, actor: actorId };
  } catch (error) {
    if (!(error instanceof GatewayError) || error.reason === undefined) throw error;
    return { refused: error.message, reason: error.reason };
  } finally {
    await session.rollback();
    await pool.close();
  }
}
