/** In charge of what the policies of a command ask of a row that is there, all of them together, as one condition on its columns. */
import type { Command } from "../declaration.js";
import type { Protection } from "./protection.js";
import { mayChange } from "./row-policies.js";
import { mayHandOn } from "./share-policies.js";
import { allOf, ownRow } from "./terms.js";

/** A command on a row that the caller sees. */
export type JudgedCommand = Exclude<Command, "read" | "create">;

/** The condition, in the words of the policies themselves: unqualified columns, of a table called as the protected one. */
export function judgementOf(protection: Protection, command: JudgedCommand): string {
  return command === "share" ? allOf(mayHandOn(protection, command, ownRow)) : mayChange(protection, command);
}

/** The columns that the condition may name. */
export function judgedColumns({ owner, scope, group, parent, conditions }: Protection): readonly string[] {
  const named = [owner, scope?.column, group?.column, parent?.column];
  const compared = Object.values(conditions).flatMap((condition) => Object.keys(condition));
  return [...new Set(["id", ...named.flatMap((one) => one ?? []), ...compared])];
}
