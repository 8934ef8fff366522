/** In charge of policies that call a function for each row: 40 to 7,000 times the cost of asking once per statement. */
import { type Call, callsIn } from "./calls-in.js";
import type { Ask, Finding } from "./finding.js";

interface Condition {
  readonly policy: string;
  readonly on: string;
  readonly clause: "using" | "with check";
  /** As PostgreSQL prints it, with every name of ours in its schema. */
  readonly text: string;
  /** What it calls that may answer otherwise from one statement to the next. */
  readonly functions: readonly string[];
}

/** Finds them in every policy. A call of constants is mended by a query around it; one about the row only by asking for a set. */
export async function findRowCalls(ask: Ask): Promise<readonly Finding[]> {
  const conditions = await ask<Condition>(`
    select quote_ident(p.polname) as policy, format('%s.%I', c.relnamespace::regnamespace, c.relname) as on, clause, text,
           array(
             select distinct format('%s.%I', f.pronamespace::regnamespace, f.proname)
             from pg_catalog.pg_depend d
             join pg_catalog.pg_proc f on f.oid = d.refobjid
             where d.classid = 'pg_policy'::regclass and d.objid = p.oid and d.refclassid = 'pg_proc'::regclass
               and f.provolatile <> 'i'
           ) || 'current_setting'::text as functions
    from pg_catalog.pg_policy p
    join pg_catalog.pg_class c on c.oid = p.polrelid,
    lateral (values
      ('using', pg_get_expr(p.polqual, p.polrelid)),
      ('with check', pg_get_expr(p.polwithcheck, p.polrelid))
    ) as part (clause, text)
    where text is not null
    order by 2, 1, 3`);
  return conditions.flatMap((condition) => {
    const calls = callsIn(condition.text).filter((call) => condition.functions.includes(call.name) && isPerRow(call));
    const [first] = calls;
    return first === undefined ? [] : [findingOf(condition, [first, ...calls.slice(1)])];
  });
}

function isPerRow({ isWrapped, dependsOnRow }: Call): boolean {
  return dependsOnRow || !isWrapped;
}

function findingOf({ policy, on, clause, text }: Condition, calls: readonly [Call, ...Call[]]): Finding {
  const ofRow = calls.find(({ dependsOnRow }) => dependsOnRow);
  if (ofRow !== undefined)
    return {
      id: "PC030",
      problem: `The policy ${policy} of ${on} calls ${ofRow.name} anew for each row, with values of the row.`,
      mend: `drop policy ${policy} on ${on}; -- closed, until it compares a column with a set that is asked once: in (select iam.scopes_with(…))`,
    };
  const wrapped = calls.reduceRight(
    (whole, { from, to }) => `${whole.slice(0, from)}(select ${whole.slice(from, to)})${whole.slice(to)}`,
    text,
  );
  return {
    id: "PC030",
    problem: `The policy ${policy} of ${on} calls ${calls[0].name} anew for each row, not once per statement.`,
    mend: `alter policy ${policy} on ${on} ${clause} (${wrapped});`,
  };
}
