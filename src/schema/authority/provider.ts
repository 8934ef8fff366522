/** In charge of the mutations of providers: whose tokens are trusted. */
import { provider } from "../../resources/provider.js";
import { optional, providerArgument, required } from "./arguments.js";
import { addAuthorityMutations } from "./authority-mutation.js";

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
      jwksUri: optional("String", "Where its key set is fetched. Either this or the key set itself."),
      jwks: optional("JSON", "Its key set. Either this or its address."),
      provisions: optional("Boolean", "Whether an unknown subject becomes a user on first sight (default false)."),
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
