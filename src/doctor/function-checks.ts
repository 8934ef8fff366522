/** In charge of functions that run with more rights than their caller's. */
import { type Check, type Login, reachableFrom } from "../database/bypasses.js";

/** The checks of functions in every schema that the login can look into. */
export function functionChecks(login: Login): readonly Check[] {
  const isUsers = `p.pronamespace::regnamespace::text !~ '^(pg_|information_schema$)'
    and exists (select from (${reachableFrom(login)}) as r where has_schema_privilege(r.oid, p.pronamespace, 'usage'))
    and not exists (select from pg_catalog.pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')`;
  const named = (what: string) => `
    select format('%I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)) as name
    from pg_catalog.pg_proc p
    join pg_catalog.pg_namespace n on n.oid = p.pronamespace
    where ${what} and ${isUsers}
    order by 1`;
  return [
    {
      id: "PC020",
      sql: named(`p.prosecdef and not exists (
        select from unnest(p.proconfig) setting where setting like 'search\\_path=%' and setting ~ '[ ,=]pg_temp$'
      )`),
      problem: (name) => `${name} runs as its owner and looks into its caller's temporary schema first.`,
      mend: (name) => `alter routine ${name} set search_path = pg_catalog, pg_temp;`,
    },
    {
      id: "PC021",
      sql: named(`p.prosecdef and exists (
        select from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a where a.grantee = 0
      )`),
      problem: (name) => `${name} runs as its owner for everybody who can connect.`,
      mend: (name) => `revoke all on routine ${name} from public;`,
    },
    {
      id: "PC022",
      sql: named("p.proleakproof"),
      problem: (name) => `${name} claims to be leakproof, so it is asked about rows before the policies are.`,
      mend: (name) => `alter routine ${name} not leakproof;`,
    },
  ];
}
