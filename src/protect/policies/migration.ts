/** In charge of the migration that guards a table: what is undone of the last one, what is done anew, and whether there is anything to do. */
import { featuresOf, writeFeatures } from "./features.js";
import { guardTable } from "./guard-table.js";
import { type KnownTables, makeMissing } from "./missing-tables.js";
import type { Protection } from "./protection.js";
import { bareName, qualified } from "./spelling.js";

/** A migration as it lies in prisma/migrations. */
export interface Migration {
  /** The folder: <ts>_<one idea>. */
  readonly name: string;
  readonly script: string;
}

/** What a migration is made of, besides the declaration. */
export interface Known extends KnownTables {
  readonly migrations: readonly Migration[];
  /** Features that are there by other means, e.g. by a seed. */
  readonly seeds: string;
}

/** The script that brings a table from its last migration to its declaration; null when that one says the same. */
export function protectScript(protection: Protection, known: Known): string | null {
  const guard = guardTable(protection);
  const last = lastOf(protection, known.migrations);
  if (last?.script.includes(guard)) return null;
  return [
    headerOf(protection, last),
    ...made(protection, known),
    ...(last ? [undo(protection, last.script)] : []),
    guard,
    ...featuresFor(protection, known),
  ].join("\n");
}

/** How the migration of a table is called, after its moment: a folder's name, whatever the table's is. */
export function ideaOf({ schema, table }: Protection): string {
  return `protect_${bareName({ schema, table })}`.replaceAll(/\W/g, "_");
}

function made(protection: Protection, known: Known): readonly string[] {
  const statements = makeMissing([protection, ...(protection.shares ? [protection.shares] : [])], known);
  return statements.length === 0 ? [] : [`${statements.join("\n")}\n`];
}

function lastOf(protection: Protection, migrations: readonly Migration[]): Migration | undefined {
  return migrations.findLast((migration) => migration.name.replace(/^\d+_/, "") === ideaOf(protection));
}

function headerOf(protection: Protection, last: Migration | undefined): string {
  const plural = `${protection.plural.charAt(0).toUpperCase()}${protection.plural.slice(1)}`;
  return `-- ${plural}, guarded as their declaration says${last ? " now" : ""}. Written by \`portcullis protect\`; read it before you apply it.
-- Who may: as each policy's comment says.
`;
}

// What the last migration made, and nothing that somebody added by hand: the file says what there is.
function undo(protection: Protection, script: string): string {
  const tables = [...script.matchAll(/^alter table (\S+) force row level security;/gm)].map(([, on]) => on ?? "");
  const kept = [qualified(protection), ...(protection.shares ? [qualified(protection.shares)] : [])];
  const made = [...script.matchAll(/^create (policy|trigger) (\S+)\s(?:[^;]*?\s)?on (\S+)/gm)];
  const shared = [...script.matchAll(/^create function (iam\.shared_\S+?)\(/gm)];
  const ways = [...script.matchAll(/^create function (iam\.ways_to_\S+?\(uuid, text\))/gm)];
  return `${[
    ...made.map(([, kind, what, on]) => `drop ${kind} ${what} on ${on};`),
    ...shared.map(([, what]) => `drop function ${what}(text, text);`),
    ...ways.map(([, what]) => `drop function ${what};`),
    ...tables.map(
      (on) => `revoke all on ${on} from web_user, web_delegate, web_anon${kept.includes(on) ? "" : ", iam_definer"};`,
    ),
  ].join("\n")}\n`;
}

function featuresFor(protection: Protection, { migrations, seeds }: Known): readonly string[] {
  const texts = [...migrations.map(({ script }) => script), seeds];
  const missing = featuresOf(protection).filter(({ code }) => !texts.some((text) => text.includes(`'${code}'`)));
  return missing.length === 0 ? [] : [writeFeatures(missing)];
}

/** The name of a new folder, after the newest there is. */
export function nameMigration(
  idea: string,
  { migrations, now }: { readonly migrations: readonly Migration[]; readonly now: Date },
): string {
  const clock = BigInt(now.toISOString().replaceAll(/\D/g, "").slice(0, 14));
  const newest = migrations.reduce((last, one) => {
    const stamp = BigInt(/^\d+/.exec(one.name)?.[0] ?? 0);
    return stamp > last ? stamp : last;
  }, 0n);
  return `${newest >= clock ? newest + 1n : clock}_${idea}`;
}
