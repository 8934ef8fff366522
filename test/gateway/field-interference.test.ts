/**
 * In charge of what hidden values give away, whatever their type and whatever stands in their place: nothing. Every filter,
 * order, cursor and aggregate that the schema offers on a ruled field is asked before and after the hidden values change.
 */
import {
  type GraphQLInputObjectType,
  type GraphQLObjectType,
  getNamedType,
  isInputObjectType,
  isObjectType,
} from "graphql";
import { beforeAll, describe, expect, it } from "vitest";
import { resource } from "../../src/protect/resource.js";
import { arranger } from "../support/arrange.js";
import { useDeclaredWorld } from "../support/declared-world.js";

const ruled = {
  Todo: ["internalNote", "title", "done", "updatedAt", "createdAt"],
  Sale: ["amount"],
} as const;
const audit = ["owner", "todos.audit"] as const;

const world = useDeclaredWorld([
  resource("Todo", {
    feature: "todos",
    owner: "ownerId",
    scope: "scopeId",
    shares: "TodoShare",
    fields: {
      internalNote: { read: audit, onDeny: "null" },
      title: { read: audit, onDeny: { mask: { keepLast: 4 } } },
      done: { read: audit, onDeny: { mask: true } },
      updatedAt: { read: audit },
      createdAt: { read: audit, onDeny: { mask: "2000-01-01T00:00:00Z" } },
    },
  }),
  resource("Sale", {
    features: { read: "view_sales_page" },
    scope: { column: "campus", type: "campus" },
    hidden: ["tenantId"],
    fields: { amount: { read: "todos.audit", onDeny: { mask: "0.00" } } },
  }),
]);

/** What each type is compared with: bounds between the values of the worlds, and the values themselves. */
const bounds: Readonly<Record<string, readonly string[]>> = {
  String: ['""', '"b"', '"aaaa same"', '"zzzz same"', '"same"'],
  Boolean: ["true", "false"],
  DateTime: ['"2025-01-01T00:00:00Z"', '"2027-06-01T00:00:00Z"'],
  Decimal: ['"0"', '"1500.00"', '"9000"'],
};

/** The hidden values, all of them, in several worlds. The end of a title is on show, and stays. */
const worlds: Readonly<Record<string, readonly string[]>> = {
  least: [
    "update public.todos set internal_note = 'aaaa same', title = 'aaaa same', done = false, updated_at = '2020-01-01Z', created_at = '2020-01-01Z'",
    "update public.sales set amount = 1",
  ],
  greatest: [
    "update public.todos set internal_note = 'zzzz same', title = 'zzzz same', done = true, updated_at = '2030-01-01Z', created_at = '2030-01-01Z'",
    "update public.sales set amount = 9999",
  ],
  "all different, in the order of the ids": [
    "update public.todos set internal_note = id || ' same', title = id || ' same', done = id::text < '7', updated_at = '2024-01-01Z'::timestamptz + abs(hashtext(id::text)) * interval '1 second', created_at = '2024-01-01Z'::timestamptz + abs(hashtext(id::text)) * interval '1 second'",
    "update public.sales set amount = abs(hashtext(id::text)) % 5000",
  ],
  "all different, in the opposite order": [
    "update public.todos set internal_note = null, title = translate(id::text, '0123456789abcdef', 'fedcba9876543210') || ' same', done = id::text > '7', updated_at = '2024-01-01Z'::timestamptz - abs(hashtext(id::text)) * interval '1 second', created_at = '2024-01-01Z'::timestamptz - abs(hashtext(id::text)) * interval '1 second'",
    "update public.sales set amount = 5000 - abs(hashtext(id::text)) % 5000",
  ],
};

const page =
  "{ totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { cursor node { id } } }";

function inputOf(name: string): GraphQLInputObjectType {
  const type = world.schema.getType(name);
  if (!isInputObjectType(type)) throw new TypeError(`${name} is no input.`);
  return type;
}

function objectOf(name: string): GraphQLObjectType {
  const type = world.schema.getType(name);
  if (!isObjectType(type)) throw new TypeError(`${name} is no object.`);
  return type;
}

/** Every comparison that the schema offers on a field, with every bound. */
function comparisons(type: string, field: string): readonly string[] {
  const compared = getNamedType(inputOf(`${type}Filter`).getFields()[field]?.type);
  if (!isInputObjectType(compared)) throw new TypeError(`${type}.${field} can't be compared.`);
  const values = bounds[compared.name.replace("Filter", "")] ?? [];
  expect(values).not.toEqual([]);
  return Object.keys(compared.getFields()).flatMap((operator) => {
    if (operator === "isNull") return ["{ isNull: true }", "{ isNull: false }"];
    return values.map((value) => `{ ${operator}: ${operator === "in" ? `[${value}]` : value} }`);
  });
}

/** Every aggregate that the schema offers of a field. */
function aggregates(type: string, field: string): readonly string[] {
  return Object.values(objectOf(`${type}Aggregates`).getFields()).flatMap(({ name, type: made }) => {
    const values = getNamedType(made);
    return isObjectType(values) && field in values.getFields() ? [`${name} { ${field} }`] : [];
  });
}

function questions(type: string, list: string, field: string): readonly string[] {
  const filters = comparisons(type, field).flatMap((one) => [
    `filter: { ${field}: ${one} }`,
    `filter: { not: { ${field}: ${one} } }`,
  ]);
  const orders = ["ASC", "DESC"].flatMap((way) => [
    `orderBy: [{ ${field}: ${way} }]`,
    `orderBy: [{ ${field}: ${way} }], first: 1`,
    `orderBy: [{ ${field}: ${way} }], last: 1`,
  ]);
  return [
    ...[...filters, ...orders].map((how) => `${list}(${how}) ${page}`),
    ...aggregates(type, field).map((one) => `${list} { aggregates { ${one} } }`),
    ...aggregates(type, field).map((one) => `${list}(${filters[0]}) { aggregates { count ${one} } }`),
    `${list}(orderBy: [{ id: ASC }]) { nodes { ${field} } }`,
    // Without an order of one's own the newest come first.
    `${list} { edges { cursor node { id } } }`,
  ];
}

const everything = (Object.keys(ruled) as (keyof typeof ruled)[]).flatMap((type) =>
  ruled[type].flatMap((field) => questions(type, type === "Todo" ? "todos" : "sales", field)),
);

async function answersFor(who: string): Promise<readonly string[]> {
  const pages = Array.from({ length: Math.ceil(everything.length / 10) }, (_, index) =>
    everything.slice(index * 10, index * 10 + 10).map((one, at) => `q${at}: ${one}`),
  );
  const answers = await Promise.all(pages.map((asked) => world.as(who, `{ ${asked.join(" ")} }`)));
  return answers.map(({ status, body }) => `${status} ${JSON.stringify(body)}`);
}

// Jane's and bob's own rows are not hidden from them: they are not there.
beforeAll(async () => {
  await world.database.owner.query("alter table public.todos disable trigger touch");
  await world.database.owner.query(
    `update public.todos set owner_id = (select id from iam.users where email = 'alice@acme.test')
     where tenant_id = (select id from iam.tenants where slug = 'acme')`,
  );
  const arrange = arranger(world.database);
  await arrange.grant({ user: "bob@acme.test", feature: "todos.read", scope: "tenant/acme" });
  await arrange.grant({ user: "bob@acme.test", feature: "view_sales_page", scope: "tenant/acme" });
  await arrange.grant({ user: "erin@acme.test", feature: "view_sales_page", scope: "tenant/acme" });
});

const change = async (statements: readonly string[]) => {
  for (const statement of statements) await world.database.owner.query(statement);
};

describe("values that a caller may not read", () => {
  const known = new Map<string, readonly string[]>();

  it("are asked for in every way that the schema offers", () => {
    expect(everything.length).toBeGreaterThan(250);
    expect(aggregates("Sale", "amount")).toHaveLength(4);
    expect(aggregates("Todo", "createdAt")).toHaveLength(2);
  });

  it.each(Object.entries(worlds))("hide that they are the %s", async (_name, statements) => {
    await change(statements);
    for (const who of ["bob", "jane"]) {
      const answers = await answersFor(who);
      expect(answers.filter((one) => !one.startsWith("200 "))).toEqual([]);
      known.set(who, known.get(who) ?? answers);
      expect(answers).toEqual(known.get(who));
    }
  });

  it("show the difference to whoever may read them", async () => {
    const answers: (readonly string[])[] = [];
    for (const statements of Object.values(worlds)) {
      await change(statements);
      answers.push(await answersFor("erin"));
    }
    expect(new Set(answers.map((one) => one.join())).size).toBe(answers.length);
  });
});
