/** In charge of the form of test/policies/cases/*.yaml: one table each, its rows, and who may do what with them. */
import { readdir, readFile } from "node:fs/promises";
import { parse } from "yaml";
import { z } from "zod";

const place = z.enum(["acme", "chicago", "store", "miami", "globex", "global"]);
const person = z.enum(["ann", "ben", "cat", "zoe", "gus", "max"]);
const names = z.array(z.string());
/** Seconds from now; below zero is past. */
const moment = z.number();
const dated = { from: moment.optional(), until: moment.optional() };

const given = z.union([
  z.strictObject({ grant: z.string(), at: place, to: z.string(), ...dated }),
  z.strictObject({ role: z.string(), at: place, to: z.string(), ...dated }),
  z.strictObject({ denial: z.string(), at: place, to: person, ...dated }),
  z.strictObject({
    group: z.string(),
    members: z.array(person),
    /** The group that counts these members as its own. */
    inside: z.string().optional(),
    isActive: z.boolean().default(true),
    ...dated,
  }),
  z.strictObject({ share: z.string(), to: z.string(), for: z.array(z.enum(["read", "update", "delete"])) }),
  z.strictObject({
    key: z.string(),
    of: person,
    gives: z.record(z.string(), place),
    until: moment.optional(),
    isRevoked: z.boolean().default(false),
  }),
  z.strictObject({ person, is: z.enum(["disabled", "locked", "no member any more", "without identity"]) }),
  z.strictObject({ tenant: z.literal("acme"), is: z.literal("ended") }),
]);

const commands = z.strictObject({
  read: names.default([]),
  update: names.default([]),
  delete: names.default([]),
  share: names.default([]),
  /** Places instead of rows. */
  create: z.array(place).default([]),
});

const oneCase = z.strictObject({
  it: z.string(),
  as: person.nullable(),
  key: z.string().optional(),
  actingAs: person.optional(),
  in: z.enum(["acme", "globex"]).default("acme"),
  given: z.array(given).default([]),
  /** The number of the reason why there is no session at all. */
  refused: z.number().optional(),
  allow: commands.default({ read: [], update: [], delete: [], share: [], create: [] }),
  /** `the rest` is everything that isn't allowed, row by row and place by place; it is tried in any case. */
  deny: z.union([z.literal("the rest"), commands]).default("the rest"),
});

const file = z.strictObject({
  table: z.enum(["todos", "chats", "sales"]),
  rows: z.record(
    z.string(),
    z.union([z.strictObject({ owner: person, at: place }), z.strictObject({ campus: z.string(), in: place })]),
  ),
  cases: z.array(oneCase),
});

/** What a case has beside the people, places and rows. */
export type Given = z.infer<typeof given>;
/** One caller, and what is allowed to him. */
export type Case = z.infer<typeof oneCase>;
/** Rows by command, places for `create`. */
export type Commands = z.infer<typeof commands>;
/** One table's cases. */
export type CaseFile = z.infer<typeof file>;
/** One of the places that every case has. */
export type Place = z.infer<typeof place>;

const folder = new URL("../cases/", import.meta.url);

/** Reads every file, and refuses what isn't written as above. */
export async function readCases(): Promise<readonly CaseFile[]> {
  const found = (await readdir(folder)).filter((name) => name.endsWith(".yaml")).sort();
  return Promise.all(found.map(async (name) => file.parse(parse(await readFile(new URL(name, folder), "utf8")))));
}
