/** Columns of every type, written and read and asked for over HTTP: what goes in comes out, and nothing is lost on the way. */
import { describe, expect, it } from "vitest";
import type { Declaration } from "../../../src/protect/declaration.js";
import { resource } from "../../../src/protect/resource.js";
import { addModel } from "../../support/added-model.js";
import { useDeclaredWorld } from "../../support/declared-world.js";

const parcel = addModel({
  name: "Parcel",
  table: "parcels",
  fields: {
    text: {},
    whole: { type: "Int", native: "integer" },
    big: { type: "BigInt", native: "bigint" },
    exact: { type: "Decimal", native: "numeric" },
    float: { type: "Float", native: "double precision" },
    isSent: { type: "Boolean", native: "boolean", column: "is_sent" },
    at: { type: "DateTime", native: "timestamptz" },
    plainAt: { type: "DateTime", native: "timestamp", column: "Plain At" },
    day: { type: "DateTime", native: "date" },
    hour: { native: "time" },
    json: { type: "Json", native: "jsonb" },
    outside: { native: "uuid" },
    tags: { isList: true, isRequired: true },
    numbers: { type: "Int", native: "integer", isList: true, isRequired: true },
    source: { type: "MemberSource", native: "iam.member_source", isEnum: true },
    sources: { type: "MemberSource", native: "iam.member_source", isEnum: true, isList: true, isRequired: true },
  },
});

const world = useDeclaredWorld(
  [resource(parcel, { feature: "todos", commands: ["create", "update", "delete"] } as Declaration<typeof parcel>)],
  `create table public.parcels (
     id uuid primary key default gen_random_uuid(), tenant_id uuid not null default iam.named_tenant_id(),
     text text, whole integer, big bigint, exact numeric, float double precision, is_sent boolean, at timestamptz, "Plain At" timestamp,
     day date, hour time, json jsonb, outside uuid, tags text[], numbers integer[], source iam.member_source, sources iam.member_source[]
   );`,
);
const { reads, refuses } = world;

const every = "text whole big exact float isSent at plainAt day hour json outside tags numbers source sources" as const;
const values = `text: "a", whole: -1, big: "9007199254740993", exact: "0.10", float: 1.5, isSent: false,
  at: "2026-01-01T12:00:00.123456+05:00", plainAt: "2026-01-01T12:00:00.123456+05:00", day: "2026-01-01T00:00:00Z", hour: "12:30:00",
  json: { a: [1, null] }, outside: "00000000-0000-4000-8000-0000000000ff", tags: ["x", "y z", "{}"], numbers: [3, 1], source: MANUAL,
  sources: [SYNCED, MANUAL]`;
const told = {
  text: "a",
  whole: -1,
  big: "9007199254740993",
  exact: "0.10",
  float: 1.5,
  isSent: false,
  at: "2026-01-01T07:00:00.123456Z",
  plainAt: "2026-01-01T07:00:00.123456Z",
  day: "2026-01-01T00:00:00Z",
  hour: "12:30:00",
  json: { a: [1, null] },
  outside: "00000000-0000-4000-8000-0000000000ff",
  tags: ["x", "y z", "{}"],
  numbers: [3, 1],
  source: "MANUAL",
  sources: ["SYNCED", "MANUAL"],
};
const empty = { ...Object.fromEntries(every.split(" ").map((one) => [one, null])), tags: [], numbers: [], sources: [] };

const create = async (input: string): Promise<string> =>
  (await reads("alice", `mutation { createParcel(input: { ${input} }) { parcel { id } } }`)).createParcel.parcel.id;
const read = async (id: string): Promise<unknown> =>
  (await reads("alice", `{ parcel(id: "${id}") { ${every} } }`)).parcel;
const update = (id: string, input: string) =>
  reads("alice", `mutation { updateParcel(input: { id: "${id}", ${input} }) { parcel { id } } }`);

describe("a column of every type", () => {
  it("reads what creating wrote", async () => {
    expect(await read(await create(values))).toEqual(told);
  });

  it("reads what editing wrote, and what nobody wrote as empty", async () => {
    const id = await create("");
    expect(await read(id)).toEqual(empty);
    await update(id, values);
    expect(await read(id)).toEqual(told);
  });

  it("is emptied again, but for lists, which are without values", async () => {
    const id = await create(values);
    const nothing = every.split(" ").map((one) => `${one}: ${/^(tags|numbers|sources)$/.test(one) ? "[]" : "null"}`);
    await update(id, nothing.join(", "));
    expect(await read(id)).toEqual(empty);
    expect(
      await refuses("alice", `mutation { updateParcel(input: { id: "${id}", tags: null }) { parcel { id } } }`),
    ).toMatchObject({
      code: "BAD_USER_INPUT",
    });
  });

  it.each([
    `outside: { startsWith: "00000000-0000-4000" }`,
    `outside: { contains: "ff", ne: "00000000-0000-4000-8000-0000000000fe" }`,
    `hour: { gt: "12:29", startsWith: "12" }`,
    `plainAt: { eq: "2026-01-01T02:00:00.123456-05:00" }`,
    `day: { lte: "2026-01-01T00:00:00Z" }`,
    `big: { gt: "9007199254740992" }`,
    `source: { in: [MANUAL] }`,
  ])("is found by { %s }", async (filter) => {
    const id = await create(values);
    const { parcels } = await reads("alice", `{ parcels(filter: { id: { eq: "${id}" }, ${filter} }) { totalCount } }`);
    expect(parcels.totalCount).toBe(1);
  });

  it.each(["plainAt", "day", "hour", "outside", "exact", "source"])(
    "is a place to go on from, by %s",
    async (field) => {
      await create(values);
      await create("");
      const page = (after: string) =>
        `{ parcels(first: 1, orderBy: [{ ${field}: ASC }] ${after}) { totalCount nodes { id } pageInfo { endCursor hasNextPage } } }`;
      const seen = new Set<string>();
      let { parcels } = await reads("alice", page(""));
      for (;;) {
        seen.add(parcels.nodes[0].id);
        if (!parcels.pageInfo.hasNextPage) break;
        ({ parcels } = await reads("alice", page(`, after: "${parcels.pageInfo.endCursor}"`)));
      }
      expect(seen.size).toBe(parcels.totalCount);
    },
  );

  it.each([
    `outside: "not one"`,
    `hour: "25:00:00"`,
    `big: "99999999999999999999"`,
    `at: "2026-02-30T00:00:00+01:00"`,
    `whole: 3000000000`,
    `source: NOBODY`,
  ])("refuses { %s }", async (input) => {
    expect(await refuses("alice", `mutation { createParcel(input: { ${input} }) { parcel { id } } }`)).toMatchObject({
      code: expect.stringMatching(/^(BAD_USER_INPUT|GRAPHQL_VALIDATION_FAILED)$/),
    });
  });

  it("hides all of it from who holds nothing", async () => {
    const id = await create(values);
    expect(await reads("bob", `{ parcel(id: "${id}") { text } }`)).toEqual({ parcel: null });
    expect(
      await refuses("bob", `mutation { updateParcel(input: { id: "${id}", text: "b" }) { parcel { id } } }`),
    ).toMatchObject({
      code: "NOT_FOUND",
    });
    expect(await refuses("bob", `mutation { deleteParcel(input: { id: "${id}" }) { id } }`)).toMatchObject({
      code: "NOT_FOUND",
    });
    expect(await read(id)).toEqual(told);
  });
});
