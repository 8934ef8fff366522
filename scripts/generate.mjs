/**
 * Writes src/generated/ (Prisma's client and our datamodel) from prisma/schema, when something they follow from has changed.
 * `npm ci` runs it. Plain JavaScript, since an installation without development packages runs it too and has nothing to do.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const stamp = join(root, "src/generated/.stamp");
const prisma = join(root, "node_modules/prisma/build/index.js");
const tools = [
  prisma,
  join(root, "node_modules/tsx"),
  join(root, "node_modules/@prisma/generator-helper"),
  join(root, "prisma/schema"),
];
const written = ["src/generated/datamodel.ts", "src/generated/prisma/client.ts"];

if (tools.every((path) => existsSync(path))) generate();

function generate() {
  const hash = hashOfSources();
  const isFresh = existsSync(stamp) && readFileSync(stamp, "utf8") === hash;
  if (isFresh && written.every((file) => existsSync(join(root, file)))) return;
  const { status, stdout, stderr } = runPrisma();
  if (status !== 0) {
    process.stderr.write(`${stdout}${stderr}`);
    process.exit(status ?? 1);
  }
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, hash);
}

// Prisma downloads its schema engine before it does anything, also where it isn't needed, unless it is told of one.
function runPrisma() {
  return spawnSync(process.execPath, [prisma, "generate"], {
    cwd: root,
    encoding: "utf8",
    env: {
      ...process.env,
      PATH: `${join(root, "node_modules/.bin")}${delimiter}${process.env.PATH ?? ""}`,
      PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
      PRISMA_HIDE_UPDATE_MESSAGE: "1",
      CHECKPOINT_DISABLE: "1",
    },
  });
}

function hashOfSources() {
  const sources = ["prisma/schema", "prisma/generators"].flatMap((folder) =>
    readdirSync(join(root, folder))
      .sort()
      .map((name) => join(folder, name)),
  );
  const hash = createHash("sha256");
  for (const source of [...sources, "scripts/generate.mjs", "node_modules/prisma/package.json"]) {
    hash.update(source).update(readFileSync(join(root, source)));
  }
  return hash.digest("hex");
}
