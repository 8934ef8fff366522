/** In charge of the audit trail as GraphQL shows it: read with iam.audit.read at the event's scope, written by nobody here. */
import { resource } from "../protect/resource.js";

/** Something that somebody did or tried to do. */
export const auditEvent = resource("AuditEvent", {
  feature: "iam.audit",
  hidden: ["seal", "transaction", "number"],
  references: { actor: "User", user: "User", scope: "Scope" },
});
