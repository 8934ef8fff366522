/** Tenants through HTTP: by somebody who may, at one place and with what he holds, and by those who may not. */
import { tenantCases } from "./cases/tenants.js";
import { proveCases, useDelegates } from "./prove-cases.js";

proveCases(useDelegates(), tenantCases);
