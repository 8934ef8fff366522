/** In charge of choosing the tenant to act in. */
import { builder } from "../builder/builder.js";
import { payloadType } from "../protect/type/payload-type.js";
import { tenant } from "../resources/tenant.js";
import { callAndRead, changesAuthority } from "./authority-mutation.js";

const SelectTenantInput = builder.inputType("SelectTenantInput", {
  description: "Which tenant to act in.",
  fields: (t) => ({ tenant: t.string({ required: true, description: "Its slug." }) }),
});

builder.mutationField("selectTenant", (t) =>
  t.field({
    ...changesAuthority,
    type: payloadType("SelectTenantPayload", tenant),
    description:
      "Chooses the tenant that the caller's requests act in when they name none. It holds from the next request on.",
    args: { input: t.arg({ type: SelectTenantInput, required: true, description: "The choice." }) },
    resolve: (_root, { input }, context, info) => callAndRead(context, info, ["select_tenant", { slug: input.tenant }]),
  }),
);
