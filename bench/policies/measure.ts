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

/** The times of each by its name. */
export async function measure<Name extends string>(
  contenders: Readonly<Record<Name, Contender>>,
  rounds: number,
): Promise<Readonly<Record<Name, Times>>> {
  const entries = Object.entries(contenders) as [Name, Contender][];
  const times = new Map(entries.map(([name]) => [name, [] as number[]]));
  for (let round = -warmUps; round < rounds; round++) {
    for (const [name, { run, before, after }] of entries) {
      await before?.();
      const started = performance.now();
      await run();
      const millis = performance.now() - started;
      await after();
      if (round >= 0) times.get(name)?.push(millis);
    }
  }
  const results = entries.map(([name]) => [name, summaryOf(times.get(name) ?? [])]);
  return Object.fromEntries(results) as Readonly<Record<Name, Times>>;
}

function summaryOf(values: readonly number[]): Times {
  const sorted = [...values].sort((a, b) => a - b);
  return { median: sorted[Math.floor(sorted.length / 2)] ?? 0, fastest: sorted[0] ?? 0 };
}
