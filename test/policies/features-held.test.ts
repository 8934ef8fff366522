/** In charge of what iam.features_held tells of somebody, which iam.grants_of and iam.grants_met find: all that he holds, and where it begins. */
import { beforeAll, describe, expect, test } from "vitest";
import { arranger, type GrantToArrange } from "../support/arrange.js";
import { useCallers } from "../support/callers.js";

const { as, database } = useCallers();
const arrange = arranger(database);

const over = { from: -20, until: -10 };
const read = { feature: "ledger.read", scope: "campus/chicago" };
const there = ["ledger.read campus/chicago"];

/** Somebody's grants; what he holds anywhere, and at store/42, which stands below chicago. */
type Case = readonly [
  who: string,
  grants: readonly GrantToArrange[],
  anywhere: readonly string[],
  atStore: readonly string[],
];

const cases: readonly Case[] = [
  ["simple", [read], there, there],
  ["by-role", [{ role: "keeper", scope: "campus/chicago" }], there, there],
  ["over", [{ ...read, ...over }], [], []],
  ["later", [{ ...read, from: 1_000 }], [], []],
  ["denied", [read, { ...read, effect: "deny" }], [], []],
  ["denied-before", [read, { ...read, effect: "deny", ...over }], there, there],
  ["denied-above", [read, { ...read, scope: "tenant/acme", effect: "deny" }], [], []],
  ["denied-below", [read, { ...read, scope: "store/42", effect: "deny" }], there, []],
  ["denied-role", [read, { role: "keeper", scope: "campus/chicago", effect: "deny" }], [], []],
  ["twice", [read, { ...read, scope: "store/42" }], there, there],
  ["above", [read, { ...read, scope: "tenant/acme" }], ["ledger.read tenant/acme"], ["ledger.read tenant/acme"]],
  ["beside", [{ ...read, scope: "campus/miami" }], ["ledger.read campus/miami"], []],
  ["two", [read, { ...read, scope: "campus/miami" }], [...there, "ledger.read campus/miami"], there],
  [
    "all-of-it",
    [
      { feature: "ledger", scope: "campus/chicago" },
      { ...read, effect: "deny" },
    ],
    ["ledger campus/chicago", "ledger.other campus/chicago"],
    ["ledger campus/chicago", "ledger.other campus/chicago"],
  ],
  ["abroad", [{ ...read, scope: "tenant/globex", tenant: "globex" }], [], []],
  ["denied-abroad", [read, { ...read, scope: "tenant/globex", tenant: "globex", effect: "deny" }], there, there],
  ["locked", [read], [], []],
];
const mailOf = (name: string) => `${name}@acme.test`;

beforeAll(async () => {
  for (const feature of ["ledger", "ledger.read", "ledger.other"]) await arrange.feature(feature);
  await arrange.role({ code: "keeper", features: ["ledger.read"] });
  for (const [who, grants] of cases) {
    await arrange.user(mailOf(who), ["acme", "globex"]);
    for (const grant of grants) await arrange.grant({ user: mailOf(who), ...grant });
  }
  await arrange.user("asker@acme.test");
  await arrange.grant({ user: "asker@acme.test", feature: "iam.explain", scope: "campus/miami" });
  await database.owner.query("update iam.users set is_locked = true where email = $1", [mailOf("locked")]);
});

const held = async (by: string, scope: string | null, of: string | null): Promise<readonly string[]> => {
  const rows = await as(by, { tenant: "acme" }).read<{ told: string }>(
    "select feature || ' ' || scope as told from iam.features_held($1, $2)",
    scope,
    of,
  );
  return rows.map(({ told }) => told);
};

describe("what somebody holds", () => {
  test.each(cases.map(([who, , anywhere, atStore]) => ({ who, anywhere, atStore })))(
    "is told of $who, anywhere and at a scope",
    async ({ who, anywhere, atStore }) => {
      expect(await held("erin@acme.test", null, mailOf(who))).toEqual(anywhere);
      expect(await held("erin@acme.test", "store/42", mailOf(who))).toEqual(atStore);
      if (who === "locked") return;
      expect(await held(mailOf(who), null, null)).toEqual(anywhere);
      expect(await held(mailOf(who), "store/42", null)).toEqual(atStore);
    },
  );

  test("is told to who may ask somewhere only as far as it is held there", async () => {
    expect(await held("asker@acme.test", "campus/miami", mailOf("two"))).toEqual(["ledger.read campus/miami"]);
    await expect(held("asker@acme.test", null, mailOf("two"))).rejects.toThrow();
  });
});
