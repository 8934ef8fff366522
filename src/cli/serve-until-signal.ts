/** In charge of how a serving process ends: in order, on a signal, or when the npm that started it is gone. */
import type { Config } from "../config.js";
import { createLog } from "../observe/log.js";
import { startGateway } from "./start.js";

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
const parentCheckMillis = 250;
const impatientAfterMillis = 1_000;

/** Serves until it is told to end. Another signal, a second later, does not wait. */
export async function serveUntilSignal(config: Config): Promise<void> {
  const log = createLog(config);
  // Listened for from the beginning: Ctrl-C while the database starts must not leave it running.
  const reason = Promise.race([nextSignal(), ...(config.isStartedByNpm ? [endOfParent()] : [])]);
  const gateway = await startGateway(config, log);
  log.write({ event: "stopping", reason: await reason });
  allowImpatience();
  await gateway.stop();
}

function nextSignal(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of signals) process.once(signal, () => resolve(signal));
  });
}

// npm does not pass a SIGTERM on: it ends, and what it started would serve for ever.
function endOfParent(): Promise<string> {
  const parent = process.ppid;
  return new Promise((resolve) => {
    const check = setInterval(() => {
      if (process.ppid === parent) return;
      clearInterval(check);
      resolve("npm ended");
    }, parentCheckMillis).unref();
  });
}

// Not at once: one Ctrl-C reaches us from the terminal, and may once more from the program that started us.
function allowImpatience(): void {
  for (const signal of signals) process.on(signal, () => undefined);
  setTimeout(() => {
    for (const signal of signals) process.once(signal, () => process.exit(1));
  }, impatientAfterMillis).unref();
}
