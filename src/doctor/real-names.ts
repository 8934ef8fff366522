/** In charge of the names of copies in what PostgreSQL prints: back to those of the tables they stand for. */
import { name } from "../protect/policies/spelling.js";
import type { FunctionPart, Guard, Part, Table } from "./guard.js";
import { copyPrefix } from "./guarded.js";

/** What puts the real names into a text, of these tables and of the functions that were made for their copies. */
export function renaming(tables: readonly Table[], functions: readonly FunctionPart[]): (text: string) => string {
  const schemas = [...new Set(tables.map(({ schema }) => schema))];
  // A function of ours is named after its table, and PostgreSQL repeats that name as the name of what it answers.
  const ofTable = ({ bare }: FunctionPart): string =>
    schemas.reduce(
      (called, schema) => called.replace(`${copyPrefix}${schema}_`, schema === "public" ? "" : `${schema}_`),
      bare,
    );
  const pairs = [
    ...functions.map((one) => [name(one.bare), name(ofTable(one))] as const),
    ...schemas.map((schema) => [`${name(`${copyPrefix}${schema}`)}.`, `${name(schema)}.`] as const),
  ];
  return (text) => pairs.reduce((renamed, [from, to]) => renamed.replaceAll(from, to), text);
}

/** A part in real names. */
export function renamedPart<P extends Part>(rename: (text: string) => string, part: P): P {
  return { ...part, says: rename(part.says), sql: rename(part.sql), name: rename(part.name) };
}

/** A guard in real names. */
export function renamedGuard(rename: (text: string) => string, guard: Guard): Guard {
  const part = <P extends Part>(one: P): P => renamedPart(rename, one);
  const { owner, policies, triggers, rights } = guard;
  return { owner, policies: policies.map(part), triggers: triggers.map(part), rights: rights.map(part) };
}
