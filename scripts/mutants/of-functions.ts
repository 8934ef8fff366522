/** In charge of the mutants of functions: each condition that the decision stands on, each check, and the locks. */
import type pg from "pg";
import { checksIn, conditionsIn, without } from "./guards-in-functions.js";
import type { DatabaseMutant } from "./mutant.js";
import {
  proofsOfCheck,
  proofsOfConditions,
  type Source,
  tellsOfOthers,
  writesAuthority,
} from "./proofs-of-functions.js";

/** Every mutant of the functions of iam. */
export async function ofFunctions(owner: pg.Pool): Promise<readonly DatabaseMutant[]> {
  const { rows } = await owner.query<Source>(`
    select p.proname as name, pg_get_functiondef(p.oid) as definition
    from pg_proc p
    join pg_language l on l.oid = p.prolang and l.lanname in ('sql', 'plpgsql')
    where p.pronamespace = 'iam'::regnamespace and p.prokind = 'f' and p.prorettype <> 'trigger'::regtype
    order by p.proname, p.oid`);
  return [
    ...rows.flatMap(withoutConditions),
    ...rows.filter(writesAuthority).flatMap(withoutChecks),
    ...rows.filter((source) => !writesAuthority(source) && tellsOfOthers(source)).flatMap(withoutChecks),
    ...locks.map((lock) => ({
      ...lock,
      undo: rows.find(({ name }) => lock.sql.includes(`iam.${name}(`))?.definition ?? "",
    })),
  ];
}

function withoutConditions(source: Source): readonly DatabaseMutant[] {
  const { name, definition } = source;
  return conditionsIn(definition).map((guard) => ({
    name: `iam.${name}: ${guard.text.replaceAll(/\s+/g, " ")} -> ${guard.replacement || "nothing"}${numbered(guard.turn)}`,
    kind: "conditions",
    sql: without(definition, guard),
    undo: definition,
    ...proofsOfConditions(source),
  }));
}

function withoutChecks(source: Source): readonly DatabaseMutant[] {
  const { name, definition } = source;
  return checksIn(definition).map((guard) => ({
    name: `iam.${name} without ${guard.text.trim().split("\n")[0]?.slice(0, 70)}${numbered(guard.turn)}`,
    kind: "checks",
    sql: without(definition, guard),
    undo: definition,
    ...proofsOfCheck(source, guard.text),
  }));
}

const numbered = (turn: number) => (turn > 1 ? ` (${turn})` : "");

const locks: readonly Omit<DatabaseMutant, "undo">[] = [
  {
    name: "iam.lock_authority does nothing",
    sql: "create or replace function iam.lock_authority(tenant uuid) returns void language plpgsql as $$ begin end $$",
    kind: "locks",
    tag: "races",
  },
  {
    name: "iam.lock_key is another one each time",
    sql: "create or replace function iam.lock_key(tenant uuid) returns bigint language sql volatile as $$ select (random() * 1e15)::bigint $$",
    kind: "locks",
    tag: "races",
  },
];
