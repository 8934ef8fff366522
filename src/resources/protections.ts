/** In charge of what the declarations say about rows, in the order in which tables are guarded. */
import { type ModelName, models } from "../generated/datamodel.js";
import { choosingColumns, type DeclaredTable } from "../protect/policies/needed-indexes.js";
import type { Protection } from "../protect/policies/protection.js";
import { protectionOf } from "../protect/policies/protection-of.js";
import { resources } from "./resources.js";

const byName = new Map(resources.map((resource) => [resource.name as string, resource]));

/** The tables that declarations make, with the models that say so; those of shares included. */
export function declaredTables(): readonly DeclaredTable[] {
  return resources.flatMap((resource) => {
    const { columns, columnsOfShares } = choosingColumns(protectionOf(resource, byName));
    const { name, shares } = resource;
    return [tableOf(name, columns), ...(shares === null ? [] : [tableOf(shares, columnsOfShares)])];
  });
}

function tableOf(model: ModelName, chosenBy: readonly string[]): DeclaredTable {
  const { schema, table, fields } = models[model];
  const fieldOf = (column: string) => Object.entries(fields).find(([, one]) => one.column === column)?.[0] ?? column;
  return { model, schema, table, chosenBy: chosenBy.map((column) => ({ column, field: fieldOf(column) })) };
}

/** Every declared table that the gateway doesn't guard by itself, as those in iam. A row is guarded after the row that it follows. */
export function declaredProtections(): readonly Protection[] {
  const own = resources.filter(({ table }) => table.schema !== "iam").map((resource) => protectionOf(resource, byName));
  const depth = ({ parent }: Protection): number => (parent === null ? 0 : 1 + depth(parent.protection));
  return own.sort((one, other) => depth(one) - depth(other));
}
