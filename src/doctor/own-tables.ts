/** In charge of the tables of `iam` itself: what the migrations of this package write by hand is done to empty copies, and undone. */
import { readMigrations } from "../database/prisma-files.js";
import { name, qualified } from "../protect/policies/spelling.js";
import { compareGuards } from "./drift.js";
import { copies } from "./expected.js";
import type { Ask, Finding } from "./finding.js";
import { type Guard, readGuards, type Table } from "./guard.js";
import { copyOf } from "./guarded.js";
import { renamedGuard, renaming } from "./real-names.js";

/** Finds where their policies, rights, triggers and owners are not as the migrations made them. */
export async function findDriftOfOwn(ask: Ask): Promise<readonly Finding[]> {
  const tables = await ask<Table>(`
    select n.nspname as schema, c.relname as table
    from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'iam' and c.relkind in ('r', 'p')
    order by 2`);
  if (tables.length === 0) return [];
  const expected = await expectedOfOwn(ask, tables);
  const actual = await readGuards(ask, tables);
  return tables.flatMap((table, n) => {
    const [found, wanted] = [actual[n], expected[n]];
    return found && wanted ? compareGuards(qualified(table), found, wanted) : [];
  });
}

async function expectedOfOwn(ask: Ask, tables: readonly Table[]): Promise<readonly (Guard | null)[]> {
  const { migrationDirectories } = await readMigrations();
  const script = migrationDirectories.map(({ migrationFile }) => migrationFile.content.value).join("\n");
  await ask("begin");
  try {
    await ask([...copies(tables), ...statementsOn(tables, script)].join("\n"));
    const guards = await readGuards(ask, tables.map(copyOf));
    return guards.map((guard) => guard && renamedGuard(renaming(tables, []), guard));
  } finally {
    await ask("rollback");
  }
}

// What is said of every table at once, and what is said of one; none of it has a semicolon inside.
const ofAll = /^do \$\$\n(?:(?!^\$\$;)[\s\S])*?force row level security[\s\S]*?^\$\$;/m;
const ofOne = /^(?:create policy|create (?:constraint )?trigger|grant select|revoke [a-z, ]+ on iam\.)[^;]*;/gm;

/** The statements of the migrations that guard tables of `iam`, about their copies. */
function statementsOn(tables: readonly Table[], script: string): readonly string[] {
  const [loop = ""] = ofAll.exec(script) ?? [];
  const own = [...script.matchAll(ofOne)].map(([statement]) => statement).filter((one) => /\son\s+iam\./.test(one));
  const named = new RegExp(`\\biam\\.(?=(?:${tables.map(({ table }) => table).join("|")})\\b(?!\\())`, "g");
  const schema = name(copyOf({ schema: "iam", table: "" }).schema);
  return [
    loop.replaceAll("'iam'::regnamespace", `'${schema}'::regnamespace`).replaceAll("iam.%I", `${schema}.%I`),
    ...own.map((statement) => statement.replaceAll(named, `${schema}.`)),
  ];
}
