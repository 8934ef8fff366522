/**
 * In charge of measuring what sealing costs the writers: mutations that leave an event each, with the sealing on and off in
 * turns, in one run. Read the ratio, not the numbers; at least 0.8 is wanted. By default sealing runs every 50 ms instead of
 * every 10 s, so that each round has plenty of it.
 * Run: `npx tsx bench/audit.ts [seconds per round] [rounds] [milliseconds between seals]`
 */
import { sealEvents } from "../src/audit/audit-database.js";
import { startSealing } from "../src/audit/seal.js";
import { verifyEvents } from "../src/audit/verify.js";
import { createPool } from "../src/database/pool.js";
import { createSessions } from "../src/database/session.js";
import { type LogEvent, silentLog } from "../src/observe/log.js";
import { startDemoWorld } from "./demo-gateway.js";

const concurrency = 8;
const roundMillis = Number(process.argv[2] ?? 3) * 1_000;
const rounds = Number(process.argv[3] ?? 4);
const sealEveryMillis = Number(process.argv[4] ?? 50);

const demo = await startDemoWorld();
const pool = createPool({ url: demo.url, size: concurrency + 2, acquireTimeoutMillis: 10_000, prepare: true });
const sessions = createSessions(pool);
let created = 0;
let sealed = 0;

/** Creates a group: one row, one event, and the tenant's lock, which with two tenants lets two of the writers work at a time. */
async function mutate(subject: string, tenant: string): Promise<void> {
  const caller = { kind: "token", issuer: demo.issuer.issuer, subject, tenant, actAs: null, expiresAt: 4e9 } as const;
  const options = { mode: "write", isSingleStatement: false, changesAuthority: true, requestId: "bench" } as const;
  const session = sessions.open(caller, options);
  created += 1;
  await session.run({ sql: "select iam.create_group($1)", parameters: [`Bench ${created}`] });
  await session.commit();
}

/** Mutations per second. */
async function measure(): Promise<number> {
  const started = performance.now();
  let done = 0;
  const worker = async (index: number): Promise<void> => {
    while (performance.now() - started < roundMillis) {
      await (index % 2 === 0 ? mutate("alice@acme.test", "acme") : mutate("carol@globex.test", "globex"));
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, (_, index) => worker(index)));
  return (done / (performance.now() - started)) * 1_000;
}

async function measureSealed(): Promise<number> {
  const count = (event: LogEvent) => {
    if (event.event === "audit_sealed") sealed += event.count;
    if (event.event === "audit_not_sealed") process.stderr.write(`not sealed: ${String(event.error)}\n`);
  };
  const log = { ...silentLog, write: count };
  const stop = startSealing({ seal: () => sealEvents(pool), log, everyMillis: sealEveryMillis });
  try {
    return await measure();
  } finally {
    await stop();
  }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.slice(Math.floor((sorted.length - 1) / 2), Math.floor(sorted.length / 2) + 1);
  return middle.reduce((sum, value) => sum + value, 0) / middle.length;
}

try {
  await measure();
  const [off, on, ratios]: [number[], number[], number[]] = [[], [], []];
  for (let round = 0; round < rounds; round++) {
    const isOnFirst = round % 2 === 1;
    const first = await (isOnFirst ? measureSealed() : measure());
    // What a round without sealing left is sealed outside of the clock, else the next one would pay for it.
    while ((await sealEvents(pool)).sealed > 0);
    const second = await (isOnFirst ? measure() : measureSealed());
    while ((await sealEvents(pool)).sealed > 0);
    const [offNow, onNow] = isOnFirst ? [second, first] : [first, second];
    off.push(offNow);
    on.push(onNow);
    ratios.push(onNow / offNow);
  }
  const { brokenAt, head } = await verifyEvents(demo.url);
  process.stdout.write(
    [
      `sealing off  ${median(off).toFixed(0).padStart(6)} mutations/s`,
      `sealing on   ${median(on).toFixed(0).padStart(6)} mutations/s (${sealed} events sealed meanwhile)`,
      `ratio        ${median(ratios).toFixed(2).padStart(6)} (median of ${ratios.map((ratio) => ratio.toFixed(2)).join(", ")})`,
      `chain        ${brokenAt === null ? `whole, head ${head}` : `broken at ${brokenAt}`}`,
      "",
    ].join("\n"),
  );
} finally {
  await pool.close();
  await demo.stop();
}
