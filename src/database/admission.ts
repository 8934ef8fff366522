/** In charge of what a token brings about before its first session: an unknown subject becomes a user, and groups follow it. */
import type { TokenCaller, TokenProfile } from "../caller.js";
import { GatewayError } from "../errors.js";
import type { Pool } from "./pool.js";
import { beginStatements, settingsStatement } from "./settings.js";
import { Transaction } from "./transaction.js";

/** Lets a caller's provider have its say. Rejects only when he can't be admitted: his address is somebody's, or there is no database. */
export type Admit = (caller: TokenCaller) => Promise<void>;

const againAfterMillis = 60_000;
const mostRemembered = 10_000;
const emailIsTaken = 52101;

/** Admits each caller once a minute, and at once when his token says something else than the last time. */
export function createAdmit(pool: Pool, now: () => number = Date.now): Admit {
  const admitted = new Map<string, { readonly said: string; readonly at: number }>();
  return async (caller) => {
    if (caller.profile === undefined) return;
    const who = JSON.stringify([caller.issuer, caller.subject]);
    const said = JSON.stringify(caller.profile);
    const last = admitted.get(who);
    if (last !== undefined && last.said === said && now() - last.at < againAfterMillis) return;
    await admitNow(pool, caller, caller.profile);
    if (admitted.size >= mostRemembered) admitted.clear();
    admitted.set(who, { said, at: now() });
  };
}

async function admitNow(pool: Pool, { issuer, subject }: TokenCaller, profile: TokenProfile): Promise<void> {
  const settings = [
    ["app.issuer", issuer],
    ["app.subject", subject],
    ["app.email", profile.email ?? ""],
  ] as const;
  const transaction = new Transaction({
    pool,
    mode: "write",
    mayBeImplicit: false,
    opening: () => [beginStatements.write, settingsStatement(settings)],
  });
  try {
    if (profile.provisions) await transaction.run(provision, transaction.root);
    const parameters = [profile.groups, profile.roles];
    await transaction.run({ sql: "select iam.sync_groups($1::text[], $2::text[])", parameters }, transaction.root);
    await transaction.commit();
  } catch (error) {
    await transaction.rollback();
    const reason = error instanceof GatewayError ? error.reason : undefined;
    if (reason === emailIsTaken)
      throw new GatewayError("FORBIDDEN", "There is a user with this e-mail address already.", {
        reason,
        cause: error,
      });
    // Whatever else the model says is for the session to say, in the same words as to everybody.
    if (typeof reason !== "number") throw error;
  }
}

const provision = { sql: "select iam.provision()", parameters: [] };
