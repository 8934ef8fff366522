/** In charge of the values in a declaration: conditions and masks fit the type of their field. */
import { type EnumName, enums, type Field, type ModelName } from "../../generated/datamodel.js";
import { refuse, requireField } from "./refuse.js";

/** Stops the build for a condition on a field that isn't there, or on a value that the field never has. */
export function checkCondition(model: ModelName, condition: object, use: string): void {
  for (const [name, asked] of Object.entries(condition)) {
    const field = requireField(model, name);
    const values: readonly unknown[] = Array.isArray(asked) ? asked : [asked];
    if (values.length === 0)
      refuse(model, `compares ${name} in ${use} with an empty list`, "Name one, or leave the condition out.");
    const wrong = values.find((value) => (value !== null || Array.isArray(asked)) && !isValueOf(field, value));
    if (wrong === undefined) continue;
    refuse(
      model,
      `compares ${name} in ${use} with ${JSON.stringify(wrong)}, which is no ${field.type}`,
      `Compare it with ${valuesOf(field)}.`,
    );
  }
}

/** True for what stands for a value of the field in a declaration: text for everything but booleans and small numbers. */
export function isValueOf({ type, native, isEnum, isList }: Field, value: unknown): boolean {
  if (isList) return false;
  if (native === "uuid") return typeof value === "string" && /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(value);
  if (isEnum) return Object.values<string>(enums[type as EnumName].values).includes(String(value));
  switch (type) {
    case "Boolean":
      return typeof value === "boolean";
    case "Int":
      return Number.isInteger(value) && Math.abs(Number(value)) < 2 ** 31;
    case "Float":
      return Number.isFinite(value);
    case "BigInt":
      return typeof value === "string" && /^-?\d+$/.test(value);
    case "Decimal":
      return typeof value === "string" && /^-?\d+(\.\d+)?$/.test(value);
    case "DateTime":
      return typeof value === "string" && !Number.isNaN(Date.parse(value));
    default:
      return typeof value === "string";
  }
}

/** What a value of the field looks like, in words. */
export function valuesOf({ type, native, isEnum }: Field): string {
  if (native === "uuid") return "a uuid as text";
  if (isEnum)
    return Object.values<string>(enums[type as EnumName].values)
      .map((one) => JSON.stringify(one))
      .join(" or ");
  const examples: Readonly<Record<string, string>> = {
    Boolean: "true or false",
    Int: "a whole number",
    Float: "a number",
    BigInt: 'a whole number as text, "12"',
    Decimal: 'a number as text, "12.50"',
    DateTime: 'a moment as text, "2026-11-21T00:00:00Z"',
  };
  return examples[type] ?? "a text";
}
