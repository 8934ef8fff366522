/** One-time tokens through HTTP: by somebody who may, and by those who may not. */
import { tokenCases } from "./cases/tokens.js";
import { proveCases, useDelegates } from "./prove-cases.js";

proveCases(useDelegates(), tokenCases);
