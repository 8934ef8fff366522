/** In charge of running the test files that speak of a guard, on a broken copy of the database. */
import { spawn } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestCluster } from "../../test/support/global-setup.js";

/** Where the tests run: a cluster, and the database that each file copies. */
export interface TestGround {
  readonly cluster: TestCluster;
  readonly template: string;
}

const root = new URL("../../", import.meta.url).pathname;
const folders = ["test/database", "test/policies", "test/gateway"];

interface TestFile {
  readonly path: string;
  readonly text: string;
}

/** Every test file that asks a database, and what is in it. */
export async function readTestFiles(): Promise<readonly TestFile[]> {
  const names = await Promise.all(folders.map((folder) => readdir(join(root, folder), { recursive: true })));
  const paths = names.flatMap((found, n) => found.map((name) => join(folders[n] ?? "", name)));
  const files = paths.filter((path) => path.endsWith(".ts"));
  return Promise.all(files.map(async (path) => ({ path, text: await readFile(join(root, path), "utf8") })));
}

/** The files that speak of a function, those that speak of it most first. */
export function filesAbout(name: string, files: readonly TestFile[]): readonly string[] {
  const field = name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  const mention = new RegExp(`iam\\.${name}\\b|\\b${name}:|\\b${field}\\(|\\b${field}:|"${name}"`, "g");
  return files
    .map((file) => ({ path: testOf(file.path), count: file.text.match(mention)?.length ?? 0 }))
    .filter(({ count, path }) => count > 0 && path !== null)
    .toSorted((a, b) => b.count - a.count)
    .flatMap(({ path }) => path ?? [])
    .filter((path, n, all) => all.indexOf(path) === n)
    .slice(0, 4);
}

// Cases that are data belong to the test that reads them.
function testOf(path: string): string | null {
  if (path.endsWith(".test.ts")) return path;
  if (path.startsWith("test/database/functions/")) return "test/database/functions/functions.test.ts";
  return path.startsWith("test/gateway/authority/") ? "test/gateway/authority/every-mutation.test.ts" : null;
}

/** Says which test failed first; null when none did. */
export async function runTests(paths: readonly string[], ground: TestGround): Promise<string | null> {
  const out = join(tmpdir(), `mutant-${process.pid}-${ground.template}.json`);
  const vitest = join(root, "node_modules/vitest/vitest.mjs");
  const flags = ["run", ...paths, "--bail=1", "--maxWorkers=1", "--reporter=json", `--outputFile=${out}`];
  const child = spawn(process.execPath, [vitest, ...flags], {
    cwd: root,
    stdio: "ignore",
    env: {
      ...process.env,
      PORTCULLIS_TEST_CLUSTER: JSON.stringify(ground.cluster),
      PORTCULLIS_TEST_TEMPLATE: ground.template,
    },
  });
  const code = await new Promise((resolve) => child.on("close", resolve));
  if (code === 0) return null;
  const report = await readFile(out, "utf8").then(
    (text) => JSON.parse(text) as Report,
    () => null,
  );
  const failed = report?.testResults.flatMap((file) =>
    file.assertionResults.filter((one) => one.status === "failed").map((one) => one.fullName),
  );
  return failed?.[0] ?? "a hook or the file itself";
}

interface Report {
  readonly testResults: ReadonlyArray<{
    readonly assertionResults: ReadonlyArray<{ readonly status: string; readonly fullName: string }>;
  }>;
}
