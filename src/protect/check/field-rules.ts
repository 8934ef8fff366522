/** In charge of the rules of fields: each guards a field on show, names somebody, and can put in its place what it says. */
import { type Field, type ModelName, models } from "../../generated/datamodel.js";
import type { FieldRule, FieldUsers } from "../declaration.js";
import { keepsLast, rowOwner } from "../field-rule.js";
import { refuse, requireField } from "./refuse.js";
import { isValueOf, valuesOf } from "./values.js";

/** What else the declaration says, as far as rules of fields depend on it. */
export interface Around {
  readonly owner?: string | undefined;
  readonly hidden?: readonly string[] | undefined;
}

/** Stops the build for a rule that guards nothing, names nobody, or denies in a way that its field can't answer. */
export function checkFieldRule(model: ModelName, name: string, rule: FieldRule, around: Around): void {
  const field = requireField(model, name);
  checkIsOnShow(model, name, field, around);
  checkUsers(model, `${name}.read`, rule.read, around);
  checkUsers(model, `${name}.write`, rule.write, around);
  if (rule.read === undefined && rule.write === undefined && rule.onDeny === undefined)
    refuse(model, `has a rule on ${name} that says nothing`, "Say who may read it or write it, or leave the rule out.");
  const { onDeny } = rule;
  if (onDeny === undefined) return;
  if (rule.read === undefined)
    refuse(
      model,
      `says what ${name} gives to whom it denies, but denies it to nobody`,
      "Say who may read it, or leave onDeny out.",
    );
  if (typeof onDeny === "object") checkMask(model, name, field, onDeny.mask);
  else if (onDeny !== "error" && onDeny !== "null")
    refuse(model, `answers ${JSON.stringify(onDeny)} where ${name} is denied`, 'Write "error", "null" or { mask: … }.');
}

// The id is never null in GraphQL: denied, it would take the whole row with it. Any other ruled field may be null there.
function checkIsOnShow(model: ModelName, name: string, { column, isId }: Field, { hidden = [] }: Around): void {
  if (isId)
    refuse(
      model,
      `has a rule on ${name}, which is never null: denied, it would take the whole row with it`,
      "Leave the id open; hide rows by the row's own commands.",
    );
  if (hidden.includes(name))
    refuse(model, `hides ${name} and has a rule on it`, "Take it out of hidden, or leave the rule out.");
  const relation = Object.entries(models[model].relations).find(
    ([, one]) => !one.isList && one.columns.includes(column),
  );
  if (relation)
    refuse(
      model,
      `has a rule on ${name}, which GraphQL shows as ${relation[0]} only`,
      `Leave the rule out, or hide ${relation[0]}.`,
    );
}

/** True for the code of a feature. */
export function isFeatureCode(code: string): boolean {
  return /^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$/.test(code);
}

function checkUsers(model: ModelName, where: string, users: FieldUsers | undefined, { owner }: Around): void {
  if (users === undefined) return;
  const named = typeof users === "string" ? [users] : users;
  if (named.length === 0) refuse(model, `names nobody in ${where}`, 'Name "owner", a feature, or hide the field.');
  if (named.includes(rowOwner) && owner === undefined)
    refuse(
      model,
      `opens ${where} to the owner, but says no owner`,
      "Say which field holds the owner's id, or name a feature.",
    );
  const wrong = named.find((one) => !isFeatureCode(one));
  if (wrong !== undefined)
    refuse(model, `names ${JSON.stringify(wrong)} in ${where}`, "Name a feature: a dotted code in lower case.");
}

function checkMask(model: ModelName, name: string, field: Field, mask: unknown): void {
  if (keepsLast(mask)) {
    const isText = field.type === "String" && !field.isList && field.native !== "uuid";
    if (isText && Number.isInteger(mask.keepLast) && mask.keepLast > 0) return;
    refuse(model, `masks ${name} but for its last ${mask.keepLast} characters`, "Keep at least one, of a text.");
  }
  if (!isValueOf(field, mask))
    refuse(
      model,
      `masks ${name} with ${JSON.stringify(mask)}, which is no ${field.type}`,
      `Mask it with ${valuesOf(field)}, or answer "null".`,
    );
}
