/** In charge of the decision: who holds which feature where, one case a line. */
import { beforeAll, describe, expect, test } from "vitest";
import { arranger, type GrantToArrange } from "../support/arrange.js";
import { useCallers } from "../support/callers.js";

const { as, anonymous, database } = useCallers();
const arrange = arranger(database);

beforeAll(async () => {
  for (const code of ["orders", "orders.cancel", "orders.cancel.force", "ordersx"]) await arrange.feature(code);
  await arrange.role({ code: "canceller", features: ["orders.cancel"] });
  await arrange.role({ code: "clerk", includes: ["canceller"] });
  await arrange.role({ code: "chief", includes: ["clerk"] });
  await arrange.role({ code: "empty" });
});

type Given = Omit<GrantToArrange, "user">;
const root = "tenant/acme";
const chicago = "campus/chicago";
const miami = "campus/miami";
const store = "store/42";
const allow = (feature: string, scope: string): Given => ({ feature, scope });
const deny = (feature: string, scope: string): Given => ({ feature, scope, effect: "deny" });

const cases: readonly (readonly [
  rule: string,
  given: readonly Given[],
  feature: string,
  scope: string,
  allowed: boolean,
])[] = [
  ["allows what was granted, where it was", [allow("orders.cancel", chicago)], "orders.cancel", chicago, true],
  ["allows what stands below a granted feature", [allow("orders", chicago)], "orders.cancel.force", chicago, true],
  ["denies what stands above a granted feature", [allow("orders.cancel", chicago)], "orders", chicago, false],
  ["denies a feature that only begins with the same letters", [allow("orders", chicago)], "ordersx", chicago, false],
  ["allows everything below *", [allow("*", chicago)], "orders.cancel.force", store, true],
  ["denies * to who holds only something", [allow("orders", root)], "*", root, false],
  ["allows a grant's scope to be inherited", [allow("orders", root)], "orders", store, true],
  ["allows at a store below the granted campus", [allow("orders", chicago)], "orders", store, true],
  ["denies at a campus beside the granted one", [allow("orders", chicago)], "orders", miami, false],
  ["denies at the scope above the granted one", [allow("orders", store)], "orders", chicago, false],
  ["allows everywhere what was granted at global/all", [allow("orders", "global/all")], "orders", store, true],
  ["denies at global/all what was granted at a tenant's root", [allow("*", root)], "orders", "global/all", false],
  ["allows what a role gives", [{ role: "canceller", scope: chicago }], "orders.cancel", chicago, true],
  ["allows what an included role gives", [{ role: "chief", scope: chicago }], "orders.cancel.force", store, true],
  ["denies what a role doesn't give", [{ role: "chief", scope: chicago }], "orders", chicago, false],
  ["denies everything to who has an empty role", [{ role: "empty", scope: root }], "orders", root, false],
  ["denies a feature that doesn't exist", [allow("*", root)], "orders.nothing", root, false],
  ["denies a feature in other letters", [allow("*", root)], "Orders", root, false],
  ["denies a feature with a blank behind it", [allow("*", root)], "orders ", root, false],
  ["denies at a scope that doesn't exist", [allow("*", "global/all")], "orders", "campus/boston", false],
  ["denies at a scope of another tenant", [allow("*", "global/all")], "orders", "tenant/globex", false],
  ["denies at a scope written without its type", [allow("*", root)], "orders", "acme", false],
  ["denies at no scope", [allow("*", root)], "orders", "", false],
  ["denies when a deny covers the same", [allow("orders", chicago), deny("orders", chicago)], "orders", chicago, false],
  ["denies when the deny came first", [deny("orders", chicago), allow("orders", chicago)], "orders", chicago, false],
  ["denies below a deny of the feature above", [allow("*", root), deny("orders", root)], "orders.cancel", root, false],
  ["denies below a deny at the scope above", [allow("orders", store), deny("orders", root)], "orders", store, false],
  [
    "denies by one deny against many allows",
    [allow("*", root), allow("orders", root), { role: "chief", scope: root }, deny("orders.cancel", chicago)],
    "orders.cancel",
    store,
    false,
  ],
  ["denies by a deny at global/all", [allow("*", root), deny("orders", "global/all")], "orders", chicago, false],
  ["denies by a deny of *", [allow("orders", root), deny("*", chicago)], "orders", store, false],
  [
    "denies what a denied role gives",
    [allow("orders", root), { role: "chief", scope: chicago, effect: "deny" }],
    "orders.cancel",
    store,
    false,
  ],
  [
    "allows beside a deny of another feature",
    [allow("orders", root), deny("orders.cancel", root)],
    "orders",
    root,
    true,
  ],
  ["allows beside a deny at another scope", [allow("orders", root), deny("orders", miami)], "orders", chicago, true],
  ["allows above a deny at a scope below", [allow("orders", root), deny("orders", store)], "orders", chicago, true],
  ["denies before a grant begins", [{ ...allow("orders", root), from: 60 }], "orders", root, false],
  ["allows within a grant's time", [{ ...allow("orders", root), from: -60, until: 60 }], "orders", root, true],
  ["denies after a grant has ended", [{ ...allow("orders", root), from: -60, until: -1 }], "orders", root, false],
  ["allows before a deny begins", [allow("orders", root), { ...deny("orders", root), from: 60 }], "orders", root, true],
  [
    "allows after a deny has ended",
    [allow("orders", root), { ...deny("orders", root), until: -1 }],
    "orders",
    root,
    true,
  ],
  ["denies one without any grant", [], "orders", root, false],
];

let people = 0;
async function personWith(given: readonly Given[]): Promise<string> {
  const email = `person${++people}@acme.test`;
  await arrange.user(email);
  for (const each of given) await arrange.grant({ ...each, user: email });
  return email;
}

describe("the decision", () => {
  test.each(cases)("%s", async (_, given, feature, scope, allowed) => {
    const person = await personWith(given);
    const [row] = await as(person).read(
      `select iam.can($1, $2) as can,
              (select s.id from iam.scopes s where s.type || '/' || s.key = $2) in (select iam.scopes_with($1)) as among`,
      feature,
      scope,
    );
    expect(row?.can).toBe(allowed);
    if (allowed && scope !== "global/all") expect(row?.among).toBe(true);
    else expect(row?.among).not.toBe(true);
  });

  test("allows jane her sales page at chicago and denies it at miami", async () => {
    const [row] = await as("jane@acme.test").read(
      `select iam.can('view_sales_page', 'campus/chicago') as chicago, iam.can('view_sales_page', 'campus', 'chicago') as parted,
              iam.can('view_sales_page', 'campus/miami') as miami, iam.can('approve_payments', 'campus/chicago') as payments,
              iam.can('view_sales_page', 'store/42') as store, (select array_agg(amount) from sales)::text as sales`,
    );
    expect(row).toEqual({ chicago: true, parted: true, miami: false, payments: true, store: true, sales: "{1000.00}" });
  });

  test.each([
    ["holds everywhere what the root gives", [allow("orders", root)], true],
    ["holds everywhere what global/all gives", [allow("orders", "global/all")], true],
    [
      "denies everywhere with a deny anywhere",
      [allow("orders", root), deny("orders.cancel", root), deny("orders", store)],
      false,
    ],
    ["denies everywhere to who holds it at every campus", [allow("orders", chicago), allow("orders", miami)], false],
  ] as const)("%s", async (_, given, everywhere) => {
    expect(await as(await personWith(given)).value("select iam.holds_everywhere('orders')")).toBe(everywhere);
  });

  test.each([null, "", "orders'; select 1 --", "*.*", "orders.*"])(
    "denies the feature %j to everybody",
    async (feature) => {
      const [row] = await as("alice@acme.test").read(
        "select iam.can($1, 'tenant/acme') as can, iam.holds_everywhere($1) as everywhere, iam.holds_somewhere($1) as somewhere",
        feature,
      );
      expect(row).toEqual({ can: false, everywhere: false, somewhere: false });
    },
  );

  test("denies everything to the anonymous", async () => {
    const [row] = await anonymous("acme").read(
      "select iam.can('*', 'tenant/acme') as can, iam.holds_everywhere('*') as everywhere, (select count(*)::int from iam.scopes_with('*')) as scopes, iam.can_route('/sales') as route",
    );
    expect(row).toEqual({ can: false, everywhere: false, scopes: 0, route: false });
  });

  test("ends at its last instant, not after it, and begins at its first", async () => {
    const { rows } = await database.owner.query(
      `select iam.is_live(statement_timestamp(), null) as first, iam.is_live(statement_timestamp() + interval '1 microsecond', null) as before,
              iam.is_live(null, statement_timestamp()) as last, iam.is_live(null, statement_timestamp() + interval '1 microsecond') as within`,
    );
    expect(rows).toEqual([{ first: true, before: false, last: false, within: true }]);
    const person = await personWith([
      { ...allow("orders", root), until: 0.4 },
      { ...allow("ordersx", root), from: 0.4 },
    ]);
    const held = () =>
      as(person).read(
        "select iam.can('orders', 'tenant/acme') as ending, iam.can('ordersx', 'tenant/acme') as beginning",
      );
    expect(await held()).toEqual([{ ending: true, beginning: false }]);
    await new Promise((resolve) => setTimeout(resolve, 450));
    expect(await held()).toEqual([{ ending: false, beginning: true }]);
  });
});
