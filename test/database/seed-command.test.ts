/** In charge of `portcullis seed --preset` as it is typed: what it writes, what it says, and what it refuses in production. */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { useTestDatabase } from "../support/database.js";

const database = useTestDatabase();

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function seed(...args: readonly string[]): Promise<Ended> {
  const { PATH = "", HOME = "" } = process.env;
  const child = spawn(process.execPath, ["--import", "tsx", "src/cli/portcullis.ts", "seed", ...args], {
    cwd: fileURLToPath(new URL("../..", import.meta.url)),
    env: { PATH, HOME, NODE_ENV: "production", DATABASE_URL: database.url, DATABASE_ADMIN_URL: database.adminUrl },
  });
  const printed = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      printed[name] += text;
    });
  }
  return new Promise((resolve) => child.once("close", (code) => resolve({ code, ...printed })));
}

const rolesOf = async (slug: string | null): Promise<readonly string[]> => {
  const { rows } = await database.owner.query<{ code: string }>(
    "select r.code from iam.roles r left join iam.tenants t on t.id = r.tenant_id where t.slug is not distinct from $1 order by r.code",
    [slug],
  );
  return rows.map(({ code }) => code);
};

test("writes the roles of a tenant, in production too, and says so; then that they are there", {
  timeout: 120_000,
}, async () => {
  const first = await seed("--preset", "four-roles", "--tenant", "globex");
  expect(first).toMatchObject({ code: 0, stderr: "", stdout: expect.stringMatching(/^\d+ rows written\.\n$/) });
  expect(await rolesOf("globex")).toEqual(["admin", "developer", "readonly", "viewer"]);
  const second = await seed("--preset", "four-roles", "--tenant", "globex");
  expect(second).toMatchObject({ code: 0, stdout: "All of it is there already.\n" });
});

test("rejects people and rows in production, and a tenant without a preset, and writes nothing", {
  timeout: 120_000,
}, async () => {
  const before = await rolesOf("globex");
  const answers = await Promise.all([
    seed("--preset", "sales", "--tenant", "globex"),
    seed("--tenant", "globex"),
    seed("--preset", "four-roles", "--tenant", "umbrella"),
    seed("--preset", "nothing"),
  ]);
  expect(answers.map(({ code, stdout }) => [code, stdout])).toEqual(answers.map(() => [1, ""]));
  expect(answers.map(({ stderr }) => stderr.split("\n")[0])).toEqual([
    'The preset "sales" is an example, with people in it.',
    "The demo world has its own tenants.",
    'There is no tenant "umbrella".',
    'There is no preset "nothing".',
  ]);
  expect(await rolesOf("globex")).toEqual(before);
});
