/** In charge of the mutations of providers: whose tokens are trusted. */
import { provider } from "../../resources/provider.js";
import { type Arguments, optional, providerArgument, required } from "./arguments.js";
import { addAuthorityMutations } from "./authority-mutation.js";

const rules = {
  preset: optional("String", "Its make: `oidc` (default), `keycloak`, `auth0`, `supabase`, `entra` or `cognito`."),
  claims: optional("JSON", "Where in its tokens to find what, before what its make says: rules by name."),
  audienceClaim: optional("String", "The claim with the audience: `aud`, `client_id` or `azp` (default its make's)."),
  tokenTypes: optional("Strings", "The types that a token's header may name, `none` for no type."),
  clockToleranceSeconds: optional("Int", "How far its clock may be off, 0 to 60 (default 30)."),
} as const satisfies Arguments;

addAuthorityMutations({
  createProvider: {
    description: "Trusts an issuer of tokens from now on. Needs everything at `global/all`.",
    calls: "create_provider",
    input: {
      code: required("String", "Its short name here."),
      name: required("String", "Its name."),
      issuer: required("String", "The issuer, as its tokens write it."),
      audience: required("Strings", "A token must carry one of these audiences."),
      algorithms: required("Strings", "The signature algorithms accepted; never a symmetric one."),
      jwksUri: optional(
        "String",
        "Where its key set is fetched (default: where its make has it, or its discovery document says).",
      ),
      jwks: optional("JSON", "Its key set, where it has no address."),
      provisions: optional("Boolean", "Whether an unknown subject becomes a user on first sight (default false)."),
      ...rules,
    },
    answers: provider,
  },
  updateProvider: {
    description: "Changes what is trusted of a provider; its issuer stays. Needs everything at `global/all`.",
    calls: "update_provider",
    input: {
      provider: providerArgument,
      name: optional("String", "Its new name."),
      audience: optional("Strings", "A token must carry one of these audiences."),
      algorithms: optional("Strings", "The signature algorithms accepted."),
      jwksUri: optional("String", "Where its key set is fetched from now on."),
      jwks: optional("JSON", "Its key set from now on."),
      provisions: optional("Boolean", "Whether an unknown subject becomes a user on first sight."),
      ...rules,
    },
    answers: provider,
  },
  deleteProvider: {
    description: "Ends a provider with every identity and mapping of it. Needs everything at `global/all`.",
    calls: "delete_provider",
    input: { provider: providerArgument },
    answers: { deleted: "Provider" },
  },
  enableProvider: {
    description: "Trusts a disabled provider again. Needs everything at `global/all`.",
    calls: "enable_provider",
    input: { provider: providerArgument },
    answers: provider,
  },
  disableProvider: {
    description: "Keeps everybody of a provider out from now on. Needs `iam.providers.update` at `global/all`.",
    calls: "disable_provider",
    input: { provider: providerArgument },
    answers: provider,
  },
});
