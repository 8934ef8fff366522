/** In charge of how a serving process ends: in order, on a signal. */
import type { Config } from "../config.js";
import { createLog } from "../observe/log.js";
import { startGateway } from "./start.js";

/** Serves until SIGINT or SIGTERM. A second signal does not wait. */
export async function serveUntilSignal(config: Config): Promise<void> {
  const log = createLog(config);
  const signal = nextSignal();
  const gateway = await startGateway(config, log);
  log.write({ event: "stopping", signal: await signal });
  process.once("SIGINT", () => process.exit(1)).once("SIGTERM", () => process.exit(1));
  await gateway.stop();
}

// Listened for from the beginning: Ctrl-C while the database starts must not leave it running.
function nextSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve(signal));
  });
}
