/** Groups through HTTP: by a manager of groups who holds nothing that a group could give, and by members. */
import { groupCases } from "./cases/groups.js";
import { proveCases, useDelegates } from "./prove-cases.js";

proveCases(useDelegates(), groupCases);
