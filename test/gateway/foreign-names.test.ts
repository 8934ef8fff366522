/**
 * In charge of what a name gives away: another tenant's id or natural key is answered with the same bytes as one that never
 * was, wherever the schema takes one. A new field is asked the day it appears.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { schema } from "../../src/schema/index.js";
import type { Answer } from "../support/gateway.js";
import { completeTenants, type Names, namesIn, namesOfNothing, typesOfNobody } from "../support/names-in-tenant.js";
import { referenceSlots, type Slot } from "../support/reference-slots.js";
import { useWorld, type Who } from "../support/world.js";

const world = useWorld();
const { slots, unclassified } = referenceSlots(schema);
const types = [...new Set(slots.map(({ type }) => type))];
const foreign = new Map<string, Names>();
const own = new Map<string, Names>();

beforeAll(async () => {
  await completeTenants(world.database);
  await world.database.owner.query(`
    insert into iam.grants (user_id, feature_id, scope_id)
    select u.id, f.id, s.id from iam.users u, iam.features f, iam.scopes s
    where u.email = 'erin@acme.test' and f.code = 'iam.providers.read' and s.tenant_id is null`);
  for (const type of types) {
    const [theirs, ours] = [await namesIn(world.database, "globex", type), await namesIn(world.database, "acme", type)];
    if (theirs && !typesOfNobody.includes(type)) foreign.set(type, theirs);
    if (ours) own.set(type, ours);
  }
});

function ask(who: Who, slot: Slot, value: string): Promise<Answer> {
  const { query, variables } = slot.ask(value, Object.fromEntries([...own].map(([type, { id }]) => [type, id])));
  return world.as(who, query, variables, slot.operation === "subscription" ? { accept: "text/event-stream" } : {});
}

/** Asks, but leaves nothing behind: a second field refuses on purpose. */
async function askInVain(slot: Slot, value: string): Promise<readonly string[]> {
  const { query, variables } = slot.ask(value, Object.fromEntries([...own].map(([type, { id }]) => [type, id])));
  const undoing = query.replace(/\}$/, '  undo: updateTodo(input: { id: "Todo:x", done: true }) { todo { id } } }');
  const { body } = await world.as("alice", undoing, variables);
  return body.errors.map(
    ({ path, message }: { path?: readonly string[]; message: string }) => `${path?.[0]}: ${message}`,
  );
}

const bytesOf = ({ status, body }: Answer) => `${status} ${JSON.stringify(body)}`;

/** The same question with a name of the other tenant's, and with one of nothing. */
async function bothAnswers(who: Who, slot: Slot, by: keyof Names): Promise<readonly [string, string]> {
  const theirs = foreign.get(slot.type)?.[by] ?? "";
  const [one, other] = await Promise.all([ask(who, slot, theirs), ask(who, slot, namesOfNothing(slot.type)[by])]);
  return [bytesOf(one), bytesOf(other)];
}

/** Who may invite names people who are not in the tenant yet: to him this tells whether there is such a person (SECURITY.md). */
const forNewcomers = ["Mutation.addTenantMember"];
const ofTenants = slots.filter(({ type }) => !typesOfNobody.includes(type));
const fields = [...new Set(ofTenants.map(({ field }) => field))].map((field) => ({
  field,
  found: ofTenants.filter((slot) => slot.field === field),
}));

describe("what the schema takes names in", () => {
  it("reads of every text whether it names something", () => {
    expect(unclassified).toEqual([]);
    expect(slots.length).toBeGreaterThan(150);
  });

  it("reads a row of the other tenant to ask for, of every type that is a tenant's", () => {
    expect(types.filter((type) => !foreign.has(type))).toEqual(types.filter((type) => typesOfNobody.includes(type)));
    expect(types.filter((type) => !own.has(type))).toEqual([]);
  });
});

/** Providers belong to no tenant: who owns one doesn't see them. Erin does, and what is below them. */
const belowProviders = ({ field }: { readonly field: string }) => field.startsWith("Provider.");
const asked = [
  { who: "alice", of: fields.filter(({ field }) => !forNewcomers.includes(field)) },
  { who: "bob", of: fields },
  { who: null, of: fields },
  { who: "erin", of: fields.filter(belowProviders) },
] as const;

describe.each(asked)("asked by $who", ({ who, of }) => {
  it.each(of)("hides what is another tenant's from $field", async ({ found }) => {
    const ways = found.flatMap((slot) => slot.takes.map((by) => ({ slot, by })));
    await Promise.all(
      ways.map(async ({ slot, by }) => {
        const [theirs, nothing] = await bothAnswers(who, slot, by);
        expect(`${slot.name} by ${by}: ${theirs}`).toBe(`${slot.name} by ${by}: ${nothing}`);
        expect(theirs).not.toMatch(/^500|got invalid value/);
      }),
    );
  });
});

describe("asked by one who holds everything in the tenant", () => {
  // Providers are the platform's: a tenant's owner is refused before anything else is looked at.
  const ofPlatform = slots.filter(({ type }) => type === "Provider").map(({ field }) => field);
  /** Items of a bulk form fail as data; what isn't included can't be excluded; making tenants is for the platform. */
  const endsAlike = /addGroupMembers|ToMany|exclude|createTenant/;
  const mutations = fields.filter(
    ({ field }) => field.startsWith("Mutation.") && ![...forNewcomers, ...ofPlatform].includes(field),
  );

  it.each(mutations)("rejects what is another tenant's in $field, and reads his own", async ({ found }) => {
    for (const slot of found) {
      const theirs = bytesOf(await ask("alice", slot, foreign.get(slot.type)?.id ?? ""));
      expect(`${slot.name}: ${theirs}`).toMatch(/"NOT_FOUND"|"FORBIDDEN"/);
      const by = slot.type === "Tenant" ? "key" : "id";
      const [ours, nothing] = [own.get(slot.type)?.[by] ?? "", namesOfNothing(slot.type)[by]];
      if (!endsAlike.test(slot.field))
        expect([slot.name, await askInVain(slot, ours)]).not.toEqual([slot.name, await askInVain(slot, nothing)]);
    }
  });

  const singular = ofTenants.filter(
    ({ operation, isFilter, name }) => operation === "query" && !isFilter && name.includes("(id)"),
  );

  it.each(singular)("reads one of his own through $name", async (slot) => {
    const { body } = await ask("alice", slot, own.get(slot.type)?.id ?? "");
    // What is told about a row is of a type of its own.
    const isAbout = /explain|whoCan/.test(slot.field);
    expect(body.errors).toBeUndefined();
    expect(Object.values(body.data)).toEqual([isAbout ? expect.any(Object) : { __typename: slot.type }]);
  });

  const below = fields.filter(({ found }) => found.some(({ isBelow }) => isBelow));

  it.each(below)("reads through $field what is asked with his own", async ({ found }) => {
    for (const slot of found) {
      const [by = "id"] = slot.takes;
      const { body } = await ask(belowProviders(slot) ? "erin" : "alice", slot, own.get(slot.type)?.[by] ?? "");
      expect([slot.name, body.errors]).toEqual([slot.name, undefined]);
      const [row] = Object.values<Record<string, unknown> | null>(body.data);
      expect([slot.name, row && Object.values(row)]).toEqual([slot.name, [expect.any(Object)]]);
    }
  });
});
