/** Prisma as an oracle of reading: the same question, the same caller, the same rows, whatever one statement is made of it. */
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { createPool, type Pool } from "../../src/database/pool.js";
import { createSessions, type Sessions } from "../../src/database/session.js";
import type { Resource } from "../../src/protect/resource.js";
import { resources } from "../../src/resources/resources.js";
import { cast, useWorld } from "../support/world.js";
import { diceOf, drawQuestion, type Known, keyField, type Question, toGraphQL, toPrisma } from "./prisma-queries.js";
import { createRandom } from "./random.js";

type Row = Readonly<Record<string, unknown>>;

interface Table {
  findMany(query: object): Promise<readonly Row[]>;
  count(query: object): Promise<number>;
}

const world = useWorld();
const byName = new Map<string, Resource>(resources.map((resource) => [resource.name, resource]));
const asked = ["Todo", "Chat", "Sale", "Scope", "Group", "Grant", "Role", "Feature", "User"].flatMap(
  (name) => byName.get(name) ?? [],
);
const callers = ["alice", "bob", "jane", "erin"] as const;
let pool: Pool;
let sessions: Sessions;
const known = new Map<string, readonly unknown[]>();
const knownOf: Known = (model, field) => known.get(`${model}.${field}`) ?? [];

beforeAll(async () => {
  pool = createPool({ url: world.database.url, size: 2, acquireTimeoutMillis: 20_000, prepare: true });
  sessions = createSessions(pool);
  await addRows();
  for (const { name, table, columns } of resources)
    for (const column of columns.values()) {
      const { rows } = await world.database.owner.query(
        `select distinct "${column.column}" as value from "${table.schema}"."${table.name}" where "${column.column}" is not null limit 20`,
      );
      known.set(
        `${name}.${column.name}`,
        rows.map(({ value }) => value),
      );
    }
});
afterAll(() => pool?.close());

// Many rows that are alike in what one orders by, at every scope, of several owners.
async function addRows(): Promise<void> {
  const { owner } = world.database;
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

async function byPrisma<T>(
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

/** What GraphQL answered, without its ways of spelling. */
function fromGraphQL({ columns, ones, lists }: Question, node: Row): Row {
  return {
    id: uuidIn(node["id"]),
    ...Object.fromEntries(
      columns.map(({ name, type }) => [name, plain(type, name === "id" ? uuidIn(node[name]) : node[name])]),
    ),
    ...Object.fromEntries(
      ones.map(({ link, columns: of }) => {
        const found = node[link.name] as Row | null;
        return [
          link.name,
          found && {
            id: uuidIn(found["id"]),
            ...Object.fromEntries(
              of.map(({ name, type }) => [name, plain(type, name === "id" ? uuidIn(found[name]) : found[name])]),
            ),
          },
        ];
      }),
    ),
    ...Object.fromEntries(
      lists.map(({ link, question }) => [
        link.name,
        (node[link.name] as { nodes: Row[] }).nodes.map((one) => fromGraphQL(question, one)),
      ]),
    ),
  };
}

/** What Prisma answered, in the same spelling; `others` finds what a row belongs to. */
function fromPrisma({ resource, columns, ones, lists }: Question, row: Row, others: Others): Row {
  return {
    id: row["id"],
    ...Object.fromEntries(columns.map(({ name, type }) => [name, plain(type, row[name])])),
    ...Object.fromEntries(
      ones.map(({ link, resource: other, columns: of }) => {
        const found = others(other, row[keyField(resource, link)]);
        return [
          link.name,
          found && {
            id: found["id"],
            ...Object.fromEntries(of.map(({ name, type }) => [name, plain(type, found[name])])),
          },
        ];
      }),
    ),
    ...Object.fromEntries(
      lists.map(({ link, question }) => [
        link.name,
        (row[link.name] as Row[]).map((one) => fromPrisma(question, one, others)),
      ]),
    ),
  };
}

type Others = (resource: Resource, id: unknown) => Row | null;

function uuidIn(id: unknown): string {
  return String(id).replace(/^\w+:/, "");
}

// Milliseconds are all that Prisma keeps of a moment, and values are all it keeps of decimals.
function plain(type: string, value: unknown): unknown {
  if (value === null || value === undefined) return null;
  if (Array.isArray(value)) return value.map((one) => plain(type, one));
  if (type === "DateTime") return new Date(value as string | Date).getTime();
  if (["Int", "BigInt", "Decimal", "Float"].includes(type)) return Number(value);
  return typeof value === "boolean" ? value : String(value).toLowerCase();
}

/** Everything a question can refer to, as Prisma reads it for the caller. */
async function readOthers(table: (resource: Resource) => Table, question: Question): Promise<Others> {
  const wanted = new Map<Resource, Set<string>>();
  const collect = ({ ones, lists }: Question): void => {
    for (const { resource, columns } of ones) {
      const names = wanted.get(resource) ?? new Set(["id"]);
      for (const { name } of columns) names.add(name);
      wanted.set(resource, names);
    }
    for (const list of lists) collect(list.question);
  };
  collect(question);
  const found = new Map<string, Row>();
  for (const [resource, names] of wanted) {
    const select = Object.fromEntries([...names].map((name) => [name, true]));
    for (const row of await table(resource).findMany({ select })) found.set(`${resource.name} ${row["id"]}`, row);
  }
  return (resource, id) => found.get(`${resource.name} ${id}`) ?? null;
}

describe("a random question", () => {
  it.each([1, 2, 3])(
    "reads from GraphQL the rows that Prisma finds, in the same order, page by page (seed %i)",
    { timeout: 120_000 },
    async (seed) => {
      const dice = diceOf(createRandom(seed));
      let rows = 0;
      for (let turn = 0; turn < 40; turn += 1) {
        const question = drawQuestion(byName, { dice, known: knownOf, resource: dice.one(asked) });
        const who = dice.one(callers);
        const { plural } = question.resource;
        const read = async (after?: string) => {
          const { status, body } = await world.as(who, `{ ${toGraphQL(question, plural, after)} }`);
          expect({ status, errors: body.errors }, toGraphQL(question, plural)).toEqual({
            status: 200,
            errors: undefined,
          });
          return body.data[plural];
        };
        const page = await read();
        const next = page.nodes.length > 0 ? await read(page.pageInfo.endCursor) : { nodes: [] };
        const [count, found] = await byPrisma(who, async (table) => {
          const { take, ...query } = toPrisma(question);
          const others = await readOthers(table, question);
          const both = await table(question.resource).findMany({ ...query, take: 2 * take });
          const counted = await table(question.resource).count("where" in query ? { where: query["where"] } : {});
          return [counted, both.map((row) => fromPrisma(question, row, others))] as const;
        });
        const told = [...page.nodes, ...next.nodes].map((node: Row) => fromGraphQL(question, node));
        expect(told, `${who}: ${toGraphQL(question, plural)}`).toEqual(found);
        expect(page.totalCount, `${who}: ${toGraphQL(question, plural)}`).toBe(count);
        rows += told.length;
      }
      expect(rows).toBeGreaterThan(100);
    },
  );
});
