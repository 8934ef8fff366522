/** In charge of starting the process: config, gateway, listen, stop. */
import { orExplain } from "./cli/or-explain.js";
import { serveUntilSignal } from "./cli/serve-until-signal.js";
import { readConfig } from "./config.js";

await orExplain(async () => serveUntilSignal(readConfig()));
