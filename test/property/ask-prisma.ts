/** In charge of asking Prisma as somebody: its read path in his session, over a demo world with many rows that are alike. */
import { afterAll, beforeAll, inject } from "vitest";
import { createPool, type Pool } from "../../src/database/pool.js";
import { createSessions, type Sessions } from "../../src/database/session.js";
import type { Resource } from "../../src/protect/resource.js";
import { resources } from "../../src/resources/resources.js";
import { cast, useWorld, type World } from "../support/world.js";
import type { Known } from "./prisma-queries.js";

/** A row as either of the two gives it. */
export type Row = Readonly<Record<string, unknown>>;

/** What is asked of one of Prisma's tables. */
export interface Table {
  findMany(query: object): Promise<readonly Row[]>;
  count(query: object): Promise<number>;
  aggregate(query: object): Promise<Readonly<Record<string, unknown>>>;
}

/** Both ways to ask. */
export interface PrismaOracle {
  readonly world: World;
  readonly resources: ReadonlyMap<string, Resource>;
  /** The types that questions begin with. */
  readonly asked: readonly Resource[];
  /** Values that are there. */
  readonly known: Known;
  /** Asks Prisma in a session of the caller. */
  as<T>(who: keyof typeof cast, work: (table: (resource: Resource) => Table) => Promise<T>): Promise<T>;
}

/** Who asks. */
export const callers = ["alice", "bob", "jane", "erin"] as const;

/** Two ways into one world, for the whole test file. */
export function usePrismaOracle(): PrismaOracle {
  const world = useWorld();
  const byName = new Map<string, Resource>(resources.map((resource) => [resource.name, resource]));
  const known = new Map<string, readonly unknown[]>();
  let pool: Pool | undefined;
  let sessions: Sessions | undefined;
  beforeAll(async () => {
    pool = createPool({ url: world.database.url, size: 2, acquireTimeoutMillis: 20_000, prepare: true });
    sessions = createSessions(pool);
    await addRows(world);
    await readKnown(world, known);
  });
  afterAll(() => pool?.close());
  const names = ["Todo", "Chat", "Sale", "Scope", "Group", "Grant", "Role", "Feature", "User"];
  return {
    world,
    resources: byName,
    asked: names.flatMap((name) => byName.get(name) ?? []),
    known: (model, field) => known.get(`${model}.${field}`) ?? [],
    as: (who, work) => {
      if (sessions === undefined) throw new TypeError("The oracle is made in beforeAll; ask it later.");
      return askPrisma(sessions, who, work);
    },
  };
}

async function readKnown({ database }: World, known: Map<string, readonly unknown[]>): Promise<void> {
  for (const { name, table, columns } of resources) {
    for (const { name: field, column } of columns.values()) {
      const { rows } = await database.owner.query(
        `select distinct "${column}" as value from "${table.schema}"."${table.name}" where "${column}" is not null limit 20`,
      );
      known.set(
        `${name}.${field}`,
        rows.map(({ value }) => value),
      );
    }
  }
}

// Many rows that are alike in what one orders by, at every scope, of several owners.
async function addRows({ database: { owner } }: World): Promise<void> {
  await owner.query(
    `insert into public.todos (tenant_id, owner_id, scope_id, title, done, created_at)
     select s.tenant_id, u.id, s.id, 'Todo ' || n % 4, n % 3 = 0, timestamptz '2026-03-01Z' + (n % 5) * interval '1 hour'
     from generate_series(1, 8) n, iam.scopes s, iam.users u
     where s.tenant_id = (select id from iam.tenants where slug = 'acme') and u.email in ('alice@acme.test', 'bob@acme.test', 'jane@acme.test')`,
  );
  await owner.query(
    `insert into public.sales (tenant_id, campus, amount, created_at)
     select id, case when n % 2 = 0 then 'chicago' else 'miami' end, n % 7 + 0.5, timestamptz '2026-03-01Z' + (n % 5) * interval '1 hour'
     from generate_series(1, 40) n, iam.tenants where slug = 'acme'`,
  );
}

async function askPrisma<T>(
  sessions: Sessions,
  who: keyof typeof cast,
  work: (table: (resource: Resource) => Table) => Promise<T>,
): Promise<T> {
  const session = sessions.open(
    {
      kind: "token",
      issuer: inject("cluster").demoIssuer.issuer,
      subject: cast[who],
      tenant: null,
      actAs: null,
      expiresAt: 4_102_444_800,
    },
    { mode: "read", isSingleStatement: false, changesAuthority: false, requestId: "oracle" },
  );
  try {
    return await session.prisma((client) => {
      const tables = client as unknown as Readonly<Record<string, Table | undefined>>;
      return work((resource) => {
        const table = tables[resource.singular];
        if (table === undefined) throw new TypeError(`Prisma has no ${resource.name}.`);
        return table;
      });
    });
  } finally {
    await session.rollback();
  }
}

/** A value of a type, without the ways in which either spells it: Prisma keeps milliseconds, and only the value of a number. */
export function plain(type: string, value: unknown): unknown {
  if (value === null || value === undefined) return null;
  if (Array.isArray(value)) return value.map((one) => plain(type, one));
  if (type === "DateTime") return new Date(value as string | Date).getTime();
  if (["Int", "BigInt", "Decimal", "Float"].includes(type)) return Number(value);
  return typeof value === "boolean" ? value : String(value).toLowerCase();
}
