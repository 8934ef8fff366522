/** Whether docs/seed-rows.md keeps its word: every row is there, and every file, table, function, field and test that it names. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { schema } from "../../src/schema/index.js";

const root = new URL("../../", import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), "utf8");
const migrations = readdirSync(new URL("prisma/migrations", root))
  .filter((name) => /^\d/.test(name))
  .map((name) => read(`prisma/migrations/${name}/migration.sql`))
  .join("\n");

const numbered = (prefix: string, last: number): readonly string[] =>
  Array.from({ length: last }, (_, at) => `${prefix}.${String(at + 1).padStart(2, "0")}`);
const from = (first: number, last: number): readonly number[] =>
  Array.from({ length: last - first + 1 }, (_, at) => first + at);

const events = [
  ...[...from(50001, 50006), ...from(50011, 50016), ...from(50101, 50109), 50131, ...from(50133, 50136)],
  ...[...from(50201, 50211), 50231, 50233, ...from(50301, 50306), 50311, 50313, 50331],
  ...[...from(50401, 50403), ...from(50501, 50506)],
];
const errors = [
  ...[...from(52101, 52112), ...from(52171, 52179), ...from(52271, 52281)],
  // one is told twice under 52281, one has an event's number
  ...["50003c", "52281b"],
];
const expected = [
  ...[
    ...numbered("S0", 42),
    ...numbered("S1", 27),
    ...numbered("S2", 43),
    ...numbered("S3", 32),
    ...numbered("S4", 31),
  ],
  ...[...events.map((code) => `S1.EV.${code}`), ...errors.map((code) => `S1.ERR.${code}`)],
  ...[...numbered("K", 49), ...numbered("C", 16), ...numbered("M", 9)],
];

interface SeedRow {
  readonly id: string;
  readonly where: string;
  readonly proofs: readonly (readonly [file: string, title: string])[];
}

const rows: readonly SeedRow[] = [...read("docs/seed-rows.md").matchAll(/^\| ((?:[SKCM]\d?)\.\S+) \| (.*) \|$/gm)].map(
  ([, id = "", cells = ""]) => {
    const [, where = "", proof = ""] = cells.split(" | ");
    const proofs = [...proof.matchAll(/`([^`]+)` “([^”]+)”/g)].map(
      ([, file = "", title = ""]) => [file, title] as const,
    );
    return { id, where, proofs };
  },
);
const named = [...new Set(rows.flatMap(({ where }) => [...where.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name)))];

describe("the page of the seed rows", () => {
  it("names every row once, and no other", () => {
    expect(rows.map(({ id }) => id).toSorted()).toEqual(expected.toSorted());
  });

  it("names a proof for every row, or the reason why there is none", () => {
    const isExcused = ({ where }: SeedRow) => /^\*\*(Deliberately not|Comes with \w+)\*\*/.test(where);
    expect(rows.filter((row) => row.proofs.length === 0 && !isExcused(row)).map(({ id }) => id)).toEqual([]);
  });

  it("names files that are there", () => {
    const files = named.filter((name) => /^[\w./-]+\.(ts|sql|prisma|md|graphql)$/.test(name) || name === "LICENSE");
    expect(files.length).toBeGreaterThan(20);
    expect(files.filter((file) => !existsSync(new URL(file, root)))).toEqual([]);
  });

  it("names functions and tables of the database that a migration makes", () => {
    const functions = named.filter((name) => /^iam\.\w+\(\)$/.test(name));
    const tables = named.filter((name) => /^(iam|public)\.\w+$/.test(name));
    const isMade = (kind: string, name: string) =>
      new RegExp(`create ${kind} ${name.replace(".", "\\.")} ?\\(`).test(migrations);
    expect(functions.length + tables.length).toBeGreaterThan(50);
    expect([
      ...functions.filter((name) => !isMade("function", name.slice(0, -2))),
      ...tables.filter((name) => !isMade("table", name)),
    ]).toEqual([]);
  });

  it("names features that a migration or a preset makes", () => {
    const features = named.filter((name) => /^(iam\.\w+\.\w+|(todos|chats|analytics|traces)\.\w+)$/.test(name));
    const made = `${migrations}${read("prisma/seed/presets/four-roles.sql")}`;
    const isMade = (code: string) =>
      made.includes(`'${code}'`) || made.includes(`('${code.replace(/\.\w+$/, "")}', '${code.replace(/^.*\./, "")}'`);
    expect(features.filter((code) => !isMade(code))).toEqual([]);
  });

  it("names fields that the schema has", () => {
    const fields = named.filter((name) => /^[A-Z]\w*\.\w+$/.test(name));
    const isField = (name: string) => {
      const [type = "", field = ""] = name.split(".");
      const owner = schema.getType(type);
      return owner !== undefined && "getFields" in owner && field in owner.getFields();
    };
    expect(fields.length).toBeGreaterThan(80);
    expect(fields.filter((name) => !isField(name))).toEqual([]);
  });

  it("names tests and cases that are in the file it names", () => {
    const texts = new Map<string, string>();
    const textOf = (file: string) => {
      const text = texts.get(file) ?? (existsSync(new URL(file, root)) ? read(file) : "");
      texts.set(file, text);
      return text;
    };
    // a test's title stands between quotes; a case of a table anywhere
    const holds = (file: string, title: string) =>
      file.endsWith(".test.ts") || file.endsWith("prove-cases.ts")
        ? ['"', "'", "`"].some((quote) => textOf(file).includes(`${quote}${title}${quote}`))
        : textOf(file).includes(title);
    const wrong = rows.flatMap(({ id, proofs }) =>
      proofs.filter(([file, title]) => !holds(file, title)).map(([file, title]) => `${id}: ${file} “${title}”`),
    );
    expect(wrong).toEqual([]);
  });
});
