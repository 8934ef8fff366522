/** In charge of sales: seen by whoever may see the sales page of their campus. */
import { resource } from "../protect/resource.js";

/** A sale has no owner. It stands at the campus whose key it holds. */
export const sale = resource("Sale", {
  features: { read: "view_sales_page" },
  scope: { column: "campus", type: "campus" },
});
