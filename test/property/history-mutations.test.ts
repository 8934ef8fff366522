/** What histories try: every mutation of the schema with every input, so that a new one is tried the day it appears. */
import { beforeAll, expect, it } from "vitest";
import { schema } from "../../src/schema/index.js";
import { useTestDatabase } from "../support/database.js";
import { diceFrom } from "./histories.js";
import { asMutation, inputFields, mutationName } from "./operations/as-mutation.js";
import { drawNamed, mutations } from "./operations/draw.js";
import { codesOf } from "./operations/events-of.js";
import { withPeopleOfStanding } from "./people-of-standing.js";
import { sampleWorlds } from "./prove-worlds.js";
import { belongingsOf, type LiveWorld, readWorld } from "./read-world.js";
import { storeWorld } from "./store-world.js";

const database = useTestDatabase();
const names = Object.keys(mutations);
let world: LiveWorld;

beforeAll(async () => {
  const [drawn] = sampleWorlds({ seed: 7, worlds: 30 }).filter(
    ({ rows, groups }) =>
      groups.length > 0 && ["todos", "chats"].every((name) => rows.some((r) => r.resource === name)),
  );
  if (drawn === undefined) throw new RangeError("No world has rows of both kinds.");
  const stored = await storeWorld(database.owner, withPeopleOfStanding(drawn), "inputs");
  const found = await readWorld(database.owner, belongingsOf(stored, "inputs"));
  const [maker = "", tenant = ""] = [found.users[0]?.id, found.tenants[0]?.id];
  const token = { id: maker, tenant, maker, user: maker, email: null, role: null, scope: null };
  // what only comes to be in a history
  world = {
    ...found,
    mappings: [{ id: maker, group: found.groups[0]?.id ?? "" }],
    tokens: [{ ...token, secretHash: "00", isSpent: false }],
    providers: ["made"],
  };
});

it("names every mutation of the schema, and no other", () => {
  const all = Object.keys(schema.getMutationType()?.getFields() ?? {});
  expect(names.map(mutationName).sort()).toEqual(all.sort());
});

it("tells the event of every mutation but those of rows", () => {
  const silent = names.filter((name) => codesOf(name).length === 0);
  expect(silent.filter((name) => !/_(todo|chat)$/.test(name))).toEqual([]);
});

it.each(names)("writes every input of %s", (name) => {
  const unwritten = new Set(Object.keys(inputFields(schema, mutationName(name))));
  for (let seed = 0; seed < 500 && unwritten.size > 0; seed += 1) {
    const dice = diceFrom(seed);
    const caller = { user: dice.pick(world.users)?.id ?? null, tenant: dice.pick(world.tenants)?.id ?? null };
    const operation = drawNamed(name, { world, caller, dice });
    if (operation === null) continue;
    for (const input of Object.keys(asMutation(schema, operation, new Map()).input)) unwritten.delete(input);
  }
  expect([...unwritten]).toEqual([]);
});
