/** In charge of what the declarations say about rows, in the order in which tables are guarded. */
import { models } from "../generated/datamodel.js";
import type { Table } from "../protect/policies/missing-tables.js";
import type { Protection } from "../protect/policies/protection.js";
import { protectionOf } from "../protect/policies/protection-of.js";
import { resources } from "./resources.js";

/** The tables that declarations make, with the models that say so; those of shares included. */
export function declaredTables(): readonly (Table & { readonly model: string })[] {
  return resources.flatMap(({ name, shares }) => {
    const of = [name, ...(shares === null ? [] : [shares])];
    return of.map((model) => ({ model, schema: models[model].schema, table: models[model].table }));
  });
}

/** Every declared table that the gateway doesn't guard by itself, as those in iam. A row is guarded after the row that it follows. */
export function declaredProtections(): readonly Protection[] {
  const byName = new Map(resources.map((resource) => [resource.name as string, resource]));
  const own = resources.filter(({ table }) => table.schema !== "iam").map((resource) => protectionOf(resource, byName));
  const depth = ({ parent }: Protection): number => (parent === null ? 0 : 1 + depth(parent.protection));
  return own.sort((one, other) => depth(one) - depth(other));
}
