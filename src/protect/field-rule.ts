/** In charge of the rule of a field as the machine reads it: who may read and write it, and what the others get. */
import type { FieldRule, FieldUsers, KeepLast } from "./declaration.js";

/** The ways to use a field of a row; one is enough. */
export interface FieldWays {
  /** True when the row's owner may. */
  readonly isOwners: boolean;
  /** Features, each of which is enough where it is held at the row's scope. */
  readonly features: readonly string[];
}

/** What a reader gets who may not read. */
export type OnDeny = "error" | "null" | { readonly mask: unknown };

/** The rule of a column. A command without ways is for everybody who may use the row. */
export interface ColumnRule {
  readonly read: FieldWays | null;
  readonly write: FieldWays | null;
  readonly onDeny: OnDeny;
}

/** The owner of a row, as a rule names him. */
export const rowOwner = "owner";

/** The rule behind what a declaration says of a field; of a field that it doesn't name, that everybody may. */
export function ruleOf({ read, write, onDeny = "error" }: FieldRule = {}): ColumnRule {
  return { read: waysOf(read), write: waysOf(write), onDeny };
}

function waysOf(users: FieldUsers | undefined): FieldWays | null {
  if (users === undefined) return null;
  const named = typeof users === "string" ? [users] : users;
  return { isOwners: named.includes(rowOwner), features: named.filter((one) => one !== rowOwner) };
}

/** What the ways require, in one word each: `owner or todos.audit`. */
export function requirementOf({ isOwners, features }: FieldWays): string {
  return [...(isOwners ? [rowOwner] : []), ...features].join(" or ");
}

/** What the ways require, as a sentence. */
export function sayWays({ isOwners, features }: FieldWays): string {
  const held = features.map((feature) => `\`${feature}\``).join(" or ");
  if (!isOwners) return `Needs ${held} at the row's scope.`;
  return held === "" ? "For the row's owner alone." : `For the row's owner, or with ${held} at the row's scope.`;
}

/** True for a mask that lets the end of a text through. */
export function keepsLast(mask: unknown): mask is KeepLast {
  return typeof mask === "object" && mask !== null && "keepLast" in mask;
}
