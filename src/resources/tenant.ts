/** In charge of tenants as GraphQL shows them. They are written by the functions of iam only. */
import { auditEvents } from "../audit/events.js";
import { resource } from "../protect/resource.js";

/** An organisation. A caller sees those he is a member of. */
export const tenant = resource("Tenant", {
  feature: "iam.tenants",
  hidden: ["auditEvents", "scopes", "roles", "grants", "apiKeys", "tokens"],
  functions: {
    update: { mutation: "updateTenant", writes: ["name"] },
    delete: { mutation: "deleteTenant" },
  },
  audits: { groups: auditEvents.tenant_groups_read },
  lists: {
    members: {
      to: "User",
      through: "TenantMember",
      from: "tenantId",
      by: "userId",
      audits: auditEvents.tenant_users_read,
      description: "The members of the tenant, as far as the caller may see them.",
    },
  },
});
