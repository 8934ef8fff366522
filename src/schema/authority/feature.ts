/** In charge of the mutations of features: the words that permissions are told in, and the menu of pages. */
import { feature } from "../../resources/feature.js";
import { featureArgument, optional, required } from "./arguments.js";
import { addAuthorityMutations } from "./authority-mutation.js";

const menu = {
  route: optional("String", "The page that it opens: `/sales`."),
  routeParent: optional("String", "The feature whose page stands above this one in the menu, by code or global id."),
  sortOrder: optional("Int", "Its place among its neighbours in the menu."),
} as const;

addAuthorityMutations({
  createFeature: {
    description:
      "Creates a feature below the one that its code names: `orders.cancel` below `orders`. Needs `iam.features.create` at `global/all`.",
    calls: "create_feature",
    input: {
      code: required("String", "Its code: words of a-z, 0-9 and _, parted by dots."),
      description: optional("String", "What holding it allows."),
      ...menu,
    },
    answers: feature,
  },
  updateFeature: {
    description: "Describes a feature, or puts its page into the menu. Needs `iam.features.update` at `global/all`.",
    calls: "update_feature",
    input: { feature: featureArgument, description: optional("String", "What holding it allows."), ...menu },
    answers: feature,
  },
  setFeatureAssignable: {
    description: "Says whether a feature can be granted from now on. Needs `iam.features.update` at `global/all`.",
    calls: "set_feature_assignable",
    input: { feature: featureArgument, isAssignable: required("Boolean", "Whether it can.") },
    answers: feature,
  },
});
