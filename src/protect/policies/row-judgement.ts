/** In charge of what the policies of a command ask of a row, all of them together, as one condition on its columns. */
import type { Command } from "../declaration.js";
import type { Protection } from "./protection.js";
import { mayChange, mayPut, maySee } from "./row-policies.js";
import { mayHandOn } from "./share-policies.js";
import { allOf, ownRow } from "./terms.js";

/**
 * The condition, in the words of the policies themselves: unqualified columns, of a table called as the protected one. Of
 * a new row it says what its place decides; null where creating takes more than a place.
 */
export function judgementOf(protection: Protection, command: Command): string | null {
  const may = mayAsActive(protection, command);
  return may === null ? null : allOf([isActive, may]);
}

// A row that is only imagined has no floor that asks it.
const isActive = "(select iam.caller_tenant_id()) is not null";

function mayAsActive(protection: Protection, command: Command): string | null {
  switch (command) {
    case "read":
      return maySee(protection);
    case "create":
      return mayPut(protection);
    case "share":
      return allOf(mayHandOn(protection, command, ownRow));
    default:
      return mayChange(protection, command);
  }
}

/** The columns that the condition may name. */
export function judgedColumns({ owner, scope, group, parent, publicRead, conditions }: Protection): readonly string[] {
  const named = [owner, scope?.column, group?.column, parent?.column];
  const compared = [publicRead ?? {}, ...Object.values(conditions)].flatMap((condition) => Object.keys(condition));
  return [...new Set(["id", ...named.flatMap((one) => one ?? []), ...compared])];
}
