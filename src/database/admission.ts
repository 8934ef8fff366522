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

/** Admits each caller once a minute, and at once with a newer token than the last, or one as new that says something else. */
export function createAdmit(pool: Pool, now: () => number = Date.now): Admit {
  const admitted = new Map<string, Admission>();
  return async (caller) => {
    if (caller.profile === undefined) return;
    const who = JSON.stringify([caller.issuer, caller.subject]);
    const { issuedAt, ...facts } = caller.profile;
    const said = JSON.stringify(facts);
    const last = admitted.get(who);
    const isFresh = last !== undefined && now() - last.at < againAfterMillis;
    const order = Math.sign((issuedAt ?? 0) - (last?.issuedAt ?? 0));
    if (isFresh && (order < 0 || (order === 0 && last.said === said))) return;
    await admitNow(pool, caller, caller.profile);
    if (admitted.size >= mostRemembered) admitted.clear();
    admitted.set(who, order < 0 && last !== undefined ? { ...last, at: now() } : { said, at: now(), issuedAt });
  };
}

interface Admission {
  readonly said: string;
  readonly at: number;
  /** When the token was issued that said so. */
  readonly issuedAt: number | null;
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
    const parameters = [profile.groups, profile.roles, profile.issuedAt];
    await transaction.run({ sql: syncGroups, parameters }, transaction.root);
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
const syncGroups = "select iam.sync_groups($1::text[], $2::text[], to_timestamp($3::double precision))";
