/** In charge of the mutants of triggers: each one disabled that keeps closures, tenants, the lock or the trail. */
import type pg from "pg";
import type { DatabaseMutant } from "./mutant.js";

/** Every trigger that is a guard: not those that tell listeners of a change, or stamp its time. */
export async function ofTriggers(owner: pg.Pool): Promise<readonly DatabaseMutant[]> {
  const { rows } = await owner.query<{ table: string; trigger: string; keeper: string }>(`
    select t.tgrelid::regclass::text as table, t.tgname as trigger, p.proname as keeper
    from pg_trigger t
    join pg_proc p on p.oid = t.tgfoid
    where not t.tgisinternal and p.proname not in ('tell_of_change', 'touch')
    order by 1, 2`);
  return rows.map(({ table, trigger, keeper }) => ({
    name: `disable ${trigger} on ${table}`,
    kind: "triggers" as const,
    sql: `alter table ${table} disable trigger ${trigger}`,
    undo: `alter table ${table} enable trigger ${trigger}`,
    tag: "tests" as const,
    focus: keeper,
    tests: testsOf[keeper] ?? ["test/database/closures.test.ts"],
  }));
}

const testsOf: Readonly<Record<string, readonly string[]>> = {
  lock_before_write: ["test/database/catalog.test.ts", "test/database/doctor.test.ts"],
  require_same_tenant: ["test/database/references-inside-tenants.test.ts"],
  refuse_change: ["test/database/authority-audit.test.ts"],
};
