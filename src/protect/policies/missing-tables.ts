/** In charge of tables that the Prisma schema has and no migration makes: they are made with their guard, types and keys included. */
import { StartupError } from "../../errors.js";
import { fileOf } from "../check/refuse.js";
import { name, qualified } from "./spelling.js";

/** A table by its name. */
export interface Table {
  readonly schema: string;
  readonly table: string;
}

interface Script {
  readonly script: string;
}

/** What is known of tables. */
export interface KnownTables {
  /** What lies in prisma/migrations, in order. */
  readonly migrations: readonly Script[];
  /** The SQL that makes every table of the Prisma schema from nothing. */
  readonly tables: string;
}

/** The statements that make those of the tables that no migration makes, in an order in which they can be run. */
export function makeMissing(wanted: readonly Table[], known: KnownTables): readonly string[] {
  const missing = wanted.filter((one) => !isMade("table", one, known.migrations));
  if (missing.length === 0) return [];
  const statements = statementsOf(known.tables);
  const isWanted = (spelling: string) => missing.some((one) => spellings(one).includes(spelling));
  const isThere = (spelling: string) => isWanted(spelling) || isMade("table", parse(spelling), known.migrations);
  const about = statements.filter((statement) => {
    const { on, refersTo } = subjectOf(statement);
    if (on === null) return false;
    // A key between two new tables comes with the later one, whichever holds it.
    return refersTo === null ? isWanted(on) : (isWanted(on) || isWanted(refersTo)) && isThere(on) && isThere(refersTo);
  });
  return [...schemasOf(missing, known), ...typesOf(about, statements, known.migrations), ...about].map(
    (one) => `${one};`,
  );
}

/** Stops where a table would lack a key: what it refers to is made by no migration, and nobody is about to. */
export function requireReferences(declared: readonly (Table & { readonly model: string })[], known: KnownTables): void {
  for (const statement of statementsOf(known.tables)) {
    const { on, refersTo } = subjectOf(statement);
    const from = declared.find((one) => on !== null && spellings(one).includes(on));
    if (from === undefined || refersTo === null || isMade("table", from, known.migrations)) continue;
    const to = parse(refersTo);
    if (isMade("table", to, known.migrations) || declared.some((one) => spellings(one).includes(refersTo))) continue;
    throw new StartupError(
      `${fileOf(from.model)}: ${from.model} refers to ${to.table}, a table that no migration makes.`,
      "Declare that table as well, or write a migration that makes it.",
    );
  }
}

function statementsOf(script: string): readonly string[] {
  return script.split(/;\n/).map((one) => one.replaceAll(/^--.*\n/gm, "").trim());
}

const quoted = String.raw`(?:"[^"]+"\.)?"[^"]+"`;
const subject = new RegExp(
  `^(?:CREATE TABLE|ALTER TABLE|CREATE (?:UNIQUE )?INDEX "[^"]+" ON) (${quoted})(?:.* REFERENCES (${quoted}))?`,
);

function subjectOf(statement: string): { readonly on: string | null; readonly refersTo: string | null } {
  const [, on = null, refersTo = null] = subject.exec(statement) ?? [];
  return { on, refersTo };
}

function typesOf(
  about: readonly string[],
  statements: readonly string[],
  migrations: readonly Script[],
): readonly string[] {
  const types = statements.flatMap((statement) => {
    const [, type] = new RegExp(`^CREATE TYPE (${quoted}) AS ENUM`).exec(statement) ?? [];
    return type === undefined || isMade("type", parse(type), migrations) ? [] : [{ type, statement }];
  });
  return types.filter(({ type }) => about.some((one) => one.includes(` ${type}`))).map(({ statement }) => statement);
}

function schemasOf(missing: readonly Table[], { migrations }: KnownTables): readonly string[] {
  const there = ["public", "iam"];
  const schemas = new Set(missing.map(({ schema }) => schema).filter((schema) => !there.includes(schema)));
  return [...schemas]
    .filter(
      (schema) => !migrations.some(({ script }) => new RegExp(`^create schema .*\\b${schema}\\b`, "im").test(script)),
    )
    .map((schema) => `create schema if not exists ${name(schema)}`);
}

/** True when no migration makes it. */
export function isMissing(table: Table, { migrations }: KnownTables): boolean {
  return !isMade("table", table, migrations);
}

// A table that was there before is made by no migration, but the first that guards it says that it is there.
function isMade(kind: "table" | "type", what: Table, migrations: readonly Script[]): boolean {
  const names = spellings(what);
  const signs =
    kind === "type"
      ? names.flatMap((one) => [`create type ${one} `, `CREATE TYPE ${one} `])
      : [
          ...names.flatMap((one) => [`create table ${one} (`, `CREATE TABLE ${one} (`]),
          `alter table ${qualified(what)} force row level security;`,
        ];
  return migrations.some(({ script }) => signs.some((sign) => script.includes(sign)));
}

/** A name as a migration may spell it: by hand, or as Prisma does. */
export function spellings(table: Table): readonly string[] {
  const isPublic = table.schema === "public";
  return [qualified(table), `"${table.schema}"."${table.table}"`, ...(isPublic ? [`"${table.table}"`] : [])];
}

function parse(spelling: string): Table {
  const [table = "", schema = "public"] = [...spelling.matchAll(/"([^"]+)"/g)].map(([, part]) => part ?? "").reverse();
  return { schema, table };
}
