/** In charge of the mutations of API keys: who may, who may not, and what is no input. */
import { keyCases } from "./cases/keys.js";
import { proveCases, useDelegates } from "./prove-cases.js";

proveCases(useDelegates(), keyCases);
