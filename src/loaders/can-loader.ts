/** In charge of checks asked in pieces: all those of one tick become one statement. */
import DataLoader from "dataloader";
import type { Session } from "../database/session.js";

/** One question: does the caller hold the feature at the scope? */
export interface Check {
  readonly feature: string;
  /** Written `type/key`. */
  readonly scope: string;
}

type CanLoader = DataLoader<Check, boolean, string>;
const loaders = new WeakMap<Session, CanLoader>();

/** The loader of a session: it ends with the session, so that no answer ever reaches another caller. */
export function canLoader(session: Session): CanLoader {
  const known = loaders.get(session);
  if (known) return known;
  const loader: CanLoader = new DataLoader((checks) => judge(session, checks), {
    cacheKeyFn: ({ feature, scope }) => JSON.stringify([feature, scope]),
  });
  loaders.set(session, loader);
  return loader;
}

// `iam.can` is false for what is unknown, foreign or hidden, so there is always one answer per question.
const statement = `select array_agg(iam.can(asked.feature, asked.scope) order by asked.place) as answers
from unnest($1::text[], $2::text[]) with ordinality as asked(feature, scope, place)`;

async function judge(session: Session, checks: readonly Check[]): Promise<boolean[]> {
  const parameters = [checks.map(({ feature }) => feature), checks.map(({ scope }) => scope)];
  const [row] = await session.run<{ answers: boolean[] }>({ sql: statement, parameters });
  return checks.map((_check, index) => row?.answers[index] === true);
}
