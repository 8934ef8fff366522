/** In charge of docs/configuration.md: that it lists what can be set, all of it, with the defaults that hold. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");

const variables = new Map(
  [...read("src/config.ts").matchAll(/^ {2}([A-Z_]+): (.*),$/gm)].map(([, name = "", rule = ""]) => [
    name,
    /default\((?:"|)([\w.]+)/.exec(rule)?.[1]?.replaceAll("_", "") ?? null,
  ]),
);

const rows = read("docs/configuration.md")
  .split("\n")
  .filter((line) => line.startsWith("| `"))
  .map((line) => line.split(" | ").map((cell) => cell.replace(/^\| |\|$/g, "").trim()));

it("names every variable, and no other", () => {
  const named = rows.flatMap(([names = ""]) => [...names.matchAll(/[A-Z_]+/g)].map(([name]) => name));
  expect(named.toSorted()).toEqual([...variables.keys()].toSorted());
});

it.each(rows)("says the default of %s as it is: %s %s", (names, _meaning, told) => {
  for (const name of names.match(/[A-Z_]+/g) ?? []) {
    const real = variables.get(name);
    if (real === "true") expect(told).toBe("`on`");
    else if (real !== null) expect(told.replaceAll("`", "")).toContain(real);
  }
});
