/** In charge of the model behind `shares`: what a table needs to open single rows to groups and users. */
import { type Model, type ModelName, models } from "../../generated/datamodel.js";
import { refuse } from "./refuse.js";

const flags = ["can_read", "can_write", "can_delete"];
const ids = ["tenant_id", "group_id", "user_id"];

/** Stops the build when the model doesn't point at the row, or lacks a column or a constraint that sharing needs. */
export function checkShares(model: ModelName, name: string): void {
  const shares = (models as Readonly<Record<string, Model | undefined>>)[name];
  if (shares === undefined)
    refuse(model, `shares its rows by ${name}, which is no model`, "Name the model with the shares of its rows.");
  const row = rowFieldOf(shares, model);
  if (row === undefined)
    refuse(
      model,
      `shares its rows by ${name}, which doesn't point at it`,
      `Give ${name} a relation to ${model} by its tenant and id.`,
    );
  checkColumns(model, shares);
  for (const grantee of ["group_id", "user_id"]) checkUnique(model, shares, [row, fieldWith(shares, grantee)]);
}

function rowFieldOf(shares: Model, model: ModelName): string | undefined {
  const back = Object.values(shares.relations).find((one) => one.model === model && !one.isList);
  const column = back?.columns[back.references.indexOf("id")];
  return column === undefined ? undefined : fieldWith(shares, column);
}

function fieldWith({ fields }: Model, column: string): string {
  return Object.entries(fields).find(([, field]) => field.column === column)?.[0] ?? column;
}

function checkColumns(model: ModelName, shares: Model): void {
  const natives = new Map(Object.values(shares.fields).map(({ column, native }) => [column, native]));
  const missing = [
    ...ids.filter((column) => natives.get(column) !== "uuid").map((column) => `${column} (uuid)`),
    ...flags.filter((column) => natives.get(column) !== "boolean").map((column) => `${column} (boolean)`),
  ];
  if (missing.length > 0)
    refuse(
      model,
      `shares its rows by ${shares.model}, which lacks ${missing.join(", ")}`,
      `Give ${shares.model} these columns in the Prisma schema; TodoShare shows how.`,
    );
}

function checkUnique(model: ModelName, shares: Model, fields: readonly string[]): void {
  const wanted = [...fields].sort().join();
  if (shares.uniques.some((one) => [...one].sort().join() === wanted)) return;
  refuse(
    model,
    `shares its rows by ${shares.model}, in which one could be opened twice to the same`,
    `Give ${shares.model} @@unique([${fields.join(", ")}]) in the Prisma schema.`,
  );
}
