/** In charge of how a serving process ends: in order, on a signal, or when the npm that started it or its database is gone. */
import type { Config } from "../config.js";
import { StartupError } from "../errors.js";
import { createLog } from "../observe/log.js";
import { startGateway } from "./start.js";

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
const parentCheckMillis = 250;
const impatientAfterMillis = 1_000;

const withoutDatabase = "the embedded PostgreSQL ended";

/**
 * Serves until it is told to end. Another signal, a second later, does not wait.
 * @throws StartupError when it could not go on
 */
export async function serveUntilSignal(config: Config): Promise<void> {
  const log = createLog(config);
  // Listened for from the beginning: Ctrl-C while the database starts must not leave it running.
  const told = Promise.race([nextSignal(), ...(config.isStartedByNpm ? [endOfParent()] : [])]);
  const gateway = await startGateway(config, log);
  const reason = await Promise.race([told, gateway.databaseEnded.then(() => withoutDatabase)]);
  log.write({ event: "stopping", reason });
  allowImpatience();
  await gateway.stop();
  if (reason === withoutDatabase)
    throw new StartupError("The embedded PostgreSQL has ended.", "Start again: what was saved is there.");
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
