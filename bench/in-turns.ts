/** In charge of comparing ways of doing the same: in interleaved rounds, many under way at once, each rate beside the first's. */

/** Does it once; told which worker asks, it answers how many rows it read. */
export type Way = (worker: number) => Promise<number>;

/** How much of it. */
export interface Rounds {
  readonly rounds: number;
  readonly roundMillis: number;
  readonly concurrency: number;
  /** What every way has to read each time. */
  readonly rows: number;
}

/** Runs every way once unmeasured, then in turns; prints the median rates. */
export async function measureInTurns(ways: Readonly<Record<string, Way>>, rounds: Rounds): Promise<void> {
  const rates = Object.entries(ways).map(([name, way]) => ({ name, way, values: [] as number[] }));
  for (const { way } of rates) await rateOf(way, rounds);
  for (let round = 0; round < rounds.rounds; round++)
    for (const { way, values } of rates) values.push(await rateOf(way, rounds));
  const base = median(rates[0]?.values ?? []);
  for (const { name, values } of rates)
    console.log(`${String(Math.round(median(values))).padStart(7)}/s  ${(median(values) / base).toFixed(2)}  ${name}`);
}

async function rateOf(way: Way, { roundMillis, concurrency, rows }: Rounds): Promise<number> {
  const started = performance.now();
  let done = 0;
  const work = async (_: unknown, worker: number): Promise<void> => {
    while (performance.now() - started < roundMillis) {
      const read = await way(worker);
      if (read !== rows) throw new RangeError(`Read ${read} rows instead of ${rows}.`);
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  return done / ((performance.now() - started) / 1_000);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
