/** In charge of putting the schema together: what is declared, and what is written by hand. */
import { builder } from "../builder/builder.js";
import { protect } from "../protect/protect.js";
import { resources } from "../resources/resources.js";
import "./audit-events-subscription.js";
import "./authority/api-key.js";
import "./authority/bulk.js";
import "./authority/feature.js";
import "./authority/grant.js";
import "./authority/group.js";
import "./authority/provider.js";
import "./authority/role.js";
import "./authority/scope.js";
import "./authority/tenant.js";
import "./authority/token.js";
import "./authority/user.js";
import "./permissions/can.js";
import "./permissions/explain.js";
import "./permissions/explain-field.js";
import "./permissions/explain-row.js";
import "./explain-token.js";
import "./permissions/permissions-changed.js";
import "./routes.js";
import "./viewer.js";
import "./permissions/what-can.js";
import "./permissions/who-can.js";
import "./permissions/who-can-access.js";

protect(resources);

/** The GraphQL schema of the gateway. Building it fails at the first field that doesn't say who may read it. */
export const schema = builder.toSchema();
