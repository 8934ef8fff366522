/** In charge of the mutations of tenants: their life cycle, their owners, and the choice of one to act in. */
import { tenant } from "../../resources/tenant.js";
import { optional, required, tenantArgument, userArgument } from "./arguments.js";
import { addAuthorityMutations } from "./authority-mutation.js";

addAuthorityMutations({
  createTenant: {
    description: "Creates a tenant with its root scope and its first owner. Needs everything at `global/all`.",
    calls: "create_tenant",
    input: {
      slug: required("String", "Its short name in `x-tenant`: a-z, 0-9 and dashes."),
      name: required("String", "Its name."),
      owner: optional("String", "Its first owner, by email or global id (default the caller)."),
    },
    answers: tenant,
  },
  updateTenant: {
    description: "Renames a tenant. Needs `iam.tenants.update` at its root.",
    calls: "update_tenant",
    input: { tenant: tenantArgument, name: required("String", "Its new name.") },
    answers: tenant,
  },
  deleteTenant: {
    description: "Ends a tenant: nobody acts in it from now on. Its rows stay. Needs `iam.tenants.delete` at its root.",
    calls: "delete_tenant",
    input: { tenant: tenantArgument },
    answers: { deleted: "Tenant" },
  },
  assignTenantOwner: {
    description: "Makes a member an owner of the caller's tenant, beside the owners there are. Only an owner may.",
    calls: "assign_tenant_owner",
    input: { user: userArgument },
    answers: tenant,
  },
  selectTenant: {
    description:
      "Chooses the tenant that the caller's requests act in when they name none. It holds from the next request on.",
    calls: "select_tenant",
    input: { tenant: required("String", "Its slug.", "slug") },
    answers: tenant,
  },
});
