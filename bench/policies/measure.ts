/** In charge of measuring several ways to the same thing in turns, so that what else the machine does hits all of them. */

/** One way: run again and again, the one shortly after the other. */
export interface Contender {
  /** What is timed. */
  readonly run: () => Promise<unknown>;
  /** What comes before, not timed. */
  readonly before?: () => Promise<unknown>;
  /** What undoes it, not timed. */
  readonly after: () => Promise<unknown>;
}

/** Milliseconds. The fastest rounds are those that nothing else disturbed. */
export interface Times {
  readonly median: number;
  readonly fastest: number;
}

// For the caches, and for Postgres to settle on a plan.
const warmUps = 6;
const fewestRounds = 3;
const millisToWarmUp = 5_000;
const millisToMeasure = 20_000;

/** The times of each by its name: of `rounds`, or of as many as there is time for where one takes long. */
export async function measure<Name extends string>(
  contenders: Readonly<Record<Name, Contender>>,
  rounds: number,
): Promise<Readonly<Record<Name, Times>>> {
  const entries = Object.entries(contenders) as [Name, Contender][];
  const times = new Map(entries.map(([name]) => [name, [] as number[]]));
  const turn = async (keep: (name: Name, millis: number) => void): Promise<void> => {
    for (const [name, { run, before, after }] of entries) {
      await before?.();
      const started = performance.now();
      await run();
      keep(name, performance.now() - started);
      await after();
    }
  };
  await repeat({ most: warmUps, fewest: 1, millis: millisToWarmUp }, () => turn(() => {}));
  await repeat({ most: rounds, fewest: fewestRounds, millis: millisToMeasure }, () =>
    turn((name, millis) => times.get(name)?.push(millis)),
  );
  const results = entries.map(([name]) => [name, summaryOf(times.get(name) ?? [])]);
  return Object.fromEntries(results) as Readonly<Record<Name, Times>>;
}

async function repeat(
  { most, fewest, millis }: { readonly most: number; readonly fewest: number; readonly millis: number },
  work: () => Promise<void>,
): Promise<void> {
  const started = performance.now();
  for (let round = 0; round < most; round++) {
    if (round >= fewest && performance.now() - started > millis) return;
    await work();
  }
}

function summaryOf(values: readonly number[]): Times {
  const sorted = [...values].sort((a, b) => a - b);
  return { median: sorted[Math.floor(sorted.length / 2)] ?? 0, fastest: sorted[0] ?? 0 };
}
