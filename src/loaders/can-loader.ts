/** In charge of checks asked in pieces: all those of one tick about one user become one statement. */
import DataLoader from "dataloader";
import type { Session } from "../database/session.js";

/** One question: does somebody hold the feature at the scope? */
export interface Check {
  readonly feature: string;
  /** Written `type/key`. */
  readonly scope: string;
}

type CanLoader = DataLoader<Check, boolean, string>;
const loaders = new WeakMap<Session, Map<string | null, CanLoader>>();

/**
 * The loader of a session for one user, by e-mail or global id; null is the caller. It ends with the session, so that no
 * answer ever reaches another caller. Rejects as `iam.can_all` does when the caller may not ask, or there is no such user.
 */
export function canLoader(session: Session, user: string | null): CanLoader {
  const ofSession = loaders.get(session) ?? new Map<string | null, CanLoader>();
  loaders.set(session, ofSession);
  const known = ofSession.get(user);
  if (known) return known;
  const loader: CanLoader = new DataLoader((checks) => judge(session, user, checks), {
    cacheKeyFn: ({ feature, scope }) => JSON.stringify([feature, scope]),
  });
  ofSession.set(user, loader);
  return loader;
}

// False for what is unknown, foreign or hidden, so there is always one answer per question.
const statement = "select array_to_json(iam.can_all($1::text[], $2::text[], $3::text)) as answers";

async function judge(session: Session, user: string | null, checks: readonly Check[]): Promise<boolean[]> {
  const parameters = [checks.map(({ feature }) => feature), checks.map(({ scope }) => scope), user];
  const [row] = await session.run<{ answers: boolean[] }>({ sql: statement, parameters });
  return checks.map((_check, index) => row?.answers[index] === true);
}
