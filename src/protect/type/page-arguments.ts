/** In charge of the arguments of every list. */
import { builder } from "../../builder/builder.js";
import { defaultPageSize, maxPageSize } from "../read/page.js";
import type { Resource } from "../resource.js";
import type { Resources } from "../resources.js";
import { filterInput } from "./filter-input.js";
import { orderInput } from "./order-input.js";

/** The arguments of a list of a resource; they fit PageArguments. */
export function pageArguments(resource: Resource, resources: Resources) {
  return builder.args((t) => ({
    first: t.int({
      description: `How many rows, from the start of the list (default ${defaultPageSize}, at most ${maxPageSize}).`,
    }),
    after: t.string({ description: "The cursor behind which the page begins." }),
    last: t.int({
      description: `How many rows, from the end of the list (at most ${maxPageSize}). Not together with first.`,
    }),
    before: t.string({ description: "The cursor before which the page ends." }),
    filter: t.field({ type: filterInput(resource, resources), description: "Which rows." }),
    orderBy: t.field({
      type: [orderInput(resource)],
      description: "In which order; the id decides between equals. By default the newest come first.",
    }),
  }));
}
