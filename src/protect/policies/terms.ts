/**
 * In charge of who may do a command with a row, as conditions on it. Each look-up runs once per statement, never per row,
 * and trusts the floor of its table to have asked whether the session's people are still active.
 */
import type { Command } from "../declaration.js";
import type { Comparison, Principal, Protection, RowCommand, RowCondition } from "./protection.js";
import { bareName, indent, literal, name, qualified } from "./spelling.js";

/** Where the row stands in the statement: `r.` or nothing, and how deep. */
export interface Place {
  readonly prefix: string;
  readonly depth: number;
}

/** The row that the policy is on. */
export const ownRow: Place = { prefix: "", depth: 0 };

/** Ways of one principal to a command on a row; one is enough. */
export function waysTo(
  protection: Protection,
  command: Command,
  whose: Principal,
  place: Place = ownRow,
): readonly string[] {
  const held = waysToHandOn(protection, command, whose, place);
  return command === "share" ? held : [...held, ...belonging(protection, command, whose, place)];
}

/** The ways that count as held: what came by a share, by a group's row or by a parent is not for handing on. */
export function waysToHandOn(
  protection: Protection,
  command: Command,
  whose: Principal,
  place: Place,
): readonly string[] {
  const feature = protection.featureOf(command);
  // What costs nothing to ask comes first: of one's own rows no grant is ever looked up.
  return [
    ...owning(protection, whose, place),
    holdsEverywhere(feature, whose),
    ...standing(protection, feature, whose, place),
  ];
}

/** `(select iam.given_everywhere(…))` */
export function holdsEverywhere(feature: string, whose: Principal): string {
  return `(select iam.given_everywhere(${literal(feature)}, '${whose}'))`;
}

/** The row is the principal's own. A key owns nothing. */
export function owning({ owner }: Protection, whose: Principal, { prefix }: Place): readonly string[] {
  if (owner === null || whose === "key") return [];
  return [`${prefix}${name(owner)} = (select iam.named('${whose}'))`];
}

/** The row stands where the principal holds the feature. */
export function standing(
  { scope, parent }: Protection,
  feature: string,
  whose: Principal,
  { prefix }: Place,
): readonly string[] {
  const code = literal(feature);
  if (scope?.type != null)
    return [
      `${prefix}${name(scope.column)} in (select iam.scope_keys_given(${code}, ${literal(scope.type)}, '${whose}'))`,
    ];
  if (scope !== null) return [`${prefix}${name(scope.column)} in (select iam.scopes_given(${code}, '${whose}'))`];
  // A row without a scope of its own stands at the tenant's root; for a key that is the same as everywhere.
  if (parent !== null || whose === "key") return [];
  return [`(select iam.named_root_scope_id()) in (select iam.scopes_given(${code}, '${whose}'))`];
}

function belonging(protection: Protection, command: RowCommand, whose: Principal, place: Place): readonly string[] {
  const { group, shares, parent } = protection;
  const { prefix } = place;
  const isPerson = whose !== "key";
  return [
    ...(group && isPerson ? [`${prefix}${name(group.column)} in (select iam.groups_named('${whose}'))`] : []),
    ...(shares && isPerson ? [`${prefix}id in (select ${sharedFunction(protection)}('${command}', '${whose}'))`] : []),
    ...(parent ? [followsParent(protection, command, whose, place)] : []),
  ];
}

/** The parent may be read for reading, and edited for everything else. Whoever can't see it has no way at all: RLS holds for it, too. */
export function followsParent(protection: Protection, command: RowCommand, whose: Principal, place: Place): string {
  const { parent } = protection;
  if (parent === null) return "false";
  const depth = place.depth + 1;
  const alias = depth === 1 ? "r" : `r${depth}`;
  const child = place.prefix === "" ? `${name(protection.table)}.` : place.prefix;
  const found = `select\nfrom ${qualified(parent.protection)} ${alias}\nwhere ${alias}.id = ${child}${name(parent.column)}`;
  if (command === "read") return `exists (\n${indent(found)}\n)`;
  const ways = mayChange(parent.protection, whose, { prefix: `${alias}.`, depth });
  return `exists (\n${indent(found)}\n${indent(`and ${ways}`, 4)}\n)`;
}

function mayChange(parent: Protection, whose: Principal, place: Place): string {
  const ways = anyOf(waysTo(parent, "update", whose, place));
  const condition = conditionOn(parent.conditions.update, place);
  return condition === null ? ways : allOf([ways, condition]);
}

/** The function that answers which rows are shared: iam.shared_todos. */
export function sharedFunction(table: Pick<Protection, "schema" | "table">): string {
  return `iam.${name(`shared_${bareName(table)}`)}`;
}

/** A declared condition on the row's columns, or null. */
export function conditionOn(condition: RowCondition | undefined, { prefix }: Place): string | null {
  const parts = Object.entries(condition ?? {}).map(([column, value]) => compare(`${prefix}${name(column)}`, value));
  return parts.length === 0 ? null : parts.length === 1 ? (parts[0] ?? null) : allOf(parts);
}

/** What makes a row one that everybody sees, or null for all of them. A condition on reading holds for them as well. */
export function publicConditionOn({ publicRead, conditions }: Protection, place: Place): string | null {
  const parts = [publicRead ?? undefined, conditions.read].flatMap((one) => conditionOn(one, place) ?? []);
  return parts.length === 0 ? null : allOf(parts);
}

function compare(column: string, value: Comparison): string {
  if (value === null) return `${column} is null`;
  if (value === true) return column;
  if (value === false) return `not ${column}`;
  if (typeof value === "object") return `${column} in (${value.map(literal).join(", ")})`;
  return `${column} = ${literal(value)}`;
}

/** Conditions of which one must hold, in parentheses. */
export function anyOf(parts: readonly string[]): string {
  return `(\n${indent(parts.join("\nor "))}\n)`;
}

/** Conditions that must all hold, in parentheses when there are several. */
export function allOf(parts: readonly string[]): string {
  return parts.length === 1 ? (parts[0] ?? "true") : `(\n${indent(parts.join("\nand "))}\n)`;
}
