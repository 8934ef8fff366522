/** In charge of which tests speak of a function of iam. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Tests } from "./run-tests.js";

/** A file of the tests, and what is in it. */
export interface TestFile {
  readonly path: string;
  readonly text: string;
}

const root = new URL("../../", import.meta.url).pathname;
const folders = ["test/database", "test/policies", "test/gateway"];

/** Every file of the tests that ask a database. */
export async function readTestFiles(): Promise<readonly TestFile[]> {
  const names = await Promise.all(folders.map((folder) => readdir(join(root, folder), { recursive: true })));
  const paths = names.flatMap((found, n) => found.map((name) => join(folders[n] ?? "", name)));
  const files = paths.filter((path) => path.endsWith(".ts"));
  return Promise.all(files.map(async (path) => ({ path, text: await readFile(join(root, path), "utf8") })));
}

/** The tests that speak of a function: first the tables of cases, of which only its own are run, then those that name it most. */
export function testsAbout(name: string, files: readonly TestFile[]): readonly Tests[] {
  const field = name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  const mention = new RegExp(`iam\\.${name}\\b|\\b${name}:|\\b${name}\\(|\\b${field}\\(|\\b${field}:|"${name}"`, "g");
  const mentioned = files
    .map(({ path, text }) => ({ path, count: text.match(mention)?.length ?? 0 }))
    .filter(({ count }) => count > 0)
    .toSorted((a, b) => b.count - a.count);
  const cases = mentioned.flatMap(({ path }) => casesOf(path, name, field));
  const whole = mentioned.filter(({ path }) => path.endsWith(".test.ts")).map(({ path }) => ({ path }));
  return [...new Map([...cases, ...whole.slice(0, 4)].map((tests) => [tests.path, tests])).values()];
}

// Cases that are data belong to the test that reads them, and have the function's name in theirs.
function casesOf(path: string, name: string, field: string): readonly Tests[] {
  if (path.startsWith("test/database/functions/") && !path.endsWith(".test.ts"))
    return [{ path: "test/database/functions/functions.test.ts", named: new RegExp(`\\b${name}\\(`) }];
  const [, topic] = /^test\/gateway\/authority\/cases\/(\w+)s\.ts$/.exec(path) ?? [];
  if (topic === undefined) return [];
  return [
    {
      path: `test/gateway/authority/${topic}-mutations.test.ts`,
      named: new RegExp(`^${field} |\\b${field} (denies|allows|undoes)`),
    },
  ];
}
