/** In charge of the order of a resource: one column per entry, so that what comes first is never in doubt. */
import { builder } from "../../builder/builder.js";
import type { OrderInput } from "../read/order.js";
import type { Resource } from "../resource.js";
import { spoken } from "./describe.js";
import { isComparable } from "./filter-input.js";

const OrderDirection = builder.enumType("OrderDirection", {
  description: "Which end comes first.",
  values: {
    ASC: { value: "ASC", description: "The smallest first; rows without a value come last." },
    DESC: { value: "DESC", description: "The greatest first; rows without a value come first." },
  } as const,
});

type OrderType = ReturnType<typeof builder.inputRef<OrderInput>>;
const orderTypes = new Map<string, OrderType>();

/** The order input of a resource, `TodoOrder`; made once. */
export function orderInput(resource: Resource): OrderType {
  const known = orderTypes.get(resource.name);
  if (known) return known;
  const columns = [...resource.columns.values()].filter(isComparable);
  const type = builder.inputRef<OrderInput>(`${resource.name}Order`);
  orderTypes.set(resource.name, type);
  type.implement({
    description: `What to order ${spoken(resource.plural)} by: exactly one field.`,
    isOneOf: true,
    fields: (t) =>
      Object.fromEntries(
        columns.map(({ name }) => [name, t.field({ type: OrderDirection, description: `By ${spoken(name)}.` })]),
      ),
  });
  return type;
}
