/** In charge of the mutants of row-level security: each policy dropped or opened, each table without its force. */
import type pg from "pg";
import type { DatabaseMutant } from "./mutant.js";

interface Policy {
  readonly table: string;
  readonly name: string;
  readonly command: string;
  readonly using: string | null;
  readonly check: string | null;
  readonly isFloor: boolean;
  /** The statements that make it. */
  readonly made: string;
}

/** Every policy that a runtime role meets. */
export async function ofPolicies(owner: pg.Pool): Promise<readonly DatabaseMutant[]> {
  const { rows } = await owner.query<Policy>(`
    select
      format('%I.%I', schemaname, tablename) as table, policyname as name, lower(cmd) as command,
      qual as using, with_check as check, permissive = 'RESTRICTIVE' as "isFloor",
      format(
        'create policy %I on %I.%I as %s for %s to %s%s%s; comment on policy %I on %I.%I is %L',
        policyname, schemaname, tablename, permissive, cmd, array_to_string(roles, ', '),
        ' using (' || qual || ')', ' with check (' || with_check || ')', policyname, schemaname, tablename, obj_description(p.oid)
      ) as made
    from pg_policies
    join pg_policy p on p.polname = policyname and p.polrelid = format('%I.%I', schemaname, tablename)::regclass
    where roles && array['web_user', 'web_delegate', 'web_anon', 'authenticator']::name[]
    order by 1, 2`);
  return rows.flatMap((policy) => {
    const { table, name, using, check } = policy;
    const how = { kind: "policies", ...proofOf(policy) } as const;
    const undo = `drop policy if exists ${name} on ${table}; ${policy.made}`;
    return [
      { name: `drop ${name}`, sql: `drop policy ${name} on ${table}`, undo, ...how },
      ...(using === null
        ? []
        : [{ name: `${name}: using (true)`, sql: `alter policy ${name} on ${table} using (true)`, undo, ...how }]),
      ...(check === null
        ? []
        : [
            {
              name: `${name}: with check (true)`,
              sql: `alter policy ${name} on ${table} with check (true)`,
              undo,
              ...how,
            },
          ]),
    ];
  });
}

// Worlds hold todos, chats, sales and groups; the gateway's other tables are read by tests.
function proofOf({ table, name, isFloor }: Policy): Pick<DatabaseMutant, "tag" | "tests"> {
  if (table.startsWith("public.") || table === "iam.groups")
    return { tag: "worlds", tests: [`test/policies/${isFloor ? "session-alive" : "shares"}.test.ts`] };
  const readers = readersOf[table.slice("iam.".length)] ?? ["test/gateway/authority.test.ts"];
  const tests = [...readers, "test/gateway/authority/reads.test.ts"];
  return { tag: "reads", tests: name.endsWith("_delegate") ? [...delegates, ...tests] : tests };
}

const delegates = [
  "test/policies/reads-of-delegates.test.ts",
  "test/policies/session-delegates.test.ts",
  "test/gateway/acting-as.test.ts",
];

const readersOf: Readonly<Record<string, readonly string[]>> = {
  api_keys: ["test/gateway/api-keys.test.ts"],
  api_key_grants: ["test/gateway/api-keys.test.ts"],
  audit_events: ["test/gateway/audit-reads.test.ts"],
  tenants: ["test/gateway/tenants.test.ts"],
  tenant_members: ["test/gateway/tenants.test.ts"],
  tokens: ["test/gateway/authority/token-mutations.test.ts"],
};

/** Every table that is guarded, for its owner as well. */
export async function ofTables(owner: pg.Pool): Promise<readonly DatabaseMutant[]> {
  const { rows } = await owner.query<{ table: string }>(`
    select c.oid::regclass::text as table from pg_class c
    where c.relnamespace in ('public'::regnamespace, 'iam'::regnamespace) and c.relkind = 'r' and c.relforcerowsecurity order by 1`);
  return rows.flatMap(({ table }) =>
    [
      ["no force", "no force", "force"],
      ["row level security off", "disable", "enable"],
    ].map(([name, broken, whole]) => ({
      name: `${table}: ${name}`,
      kind: "tables" as const,
      sql: `alter table ${table} ${broken} row level security`,
      undo: `alter table ${table} ${whole} row level security`,
      tag: "catalogue" as const,
    })),
  );
}
