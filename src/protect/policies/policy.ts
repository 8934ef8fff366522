/** In charge of one policy as SQL, with its sentence. */
import { indent, literal, name } from "./spelling.js";

/** A policy to be. */
export interface Policy {
  readonly name: string;
  /** The table as SQL spells it. */
  readonly on: string;
  readonly isRestrictive?: boolean;
  readonly command: "all" | "select" | "insert" | "update" | "delete";
  readonly roles: readonly string[];
  readonly using?: string;
  readonly check?: string;
  /** Who may what, as a sentence. */
  readonly sentence: string;
}

/** `create policy …; comment on policy …;` */
export function createPolicy(policy: Policy): string {
  const lines = [
    `on ${policy.on}`,
    ...(policy.isRestrictive ? ["as restrictive"] : []),
    `for ${policy.command}`,
    `to ${policy.roles.join(", ")}`,
    ...(policy.using === undefined ? [] : [`using ${parenthesized(policy.using)}`]),
    ...(policy.check === undefined ? [] : [`with check ${parenthesized(policy.check)}`]),
  ];
  return `create policy ${name(policy.name)}
${indent(lines.join("\n"))};
comment on policy ${name(policy.name)} on ${policy.on} is
  ${literal(policy.sentence)};
`;
}

function parenthesized(condition: string): string {
  return isWhole(condition) ? condition : `(${condition})`;
}

// "(a) or (b)" begins and ends with a parenthesis, too.
function isWhole(condition: string): boolean {
  if (!condition.startsWith("(\n")) return false;
  return condition.indexOf("\n)") === condition.length - 2;
}
