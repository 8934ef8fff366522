/** In charge of the lists of who may: complete, page by page in both directions, for whoever may ask. */
import { beforeAll, describe, expect, it } from "vitest";
import { arranger } from "../support/arrange.js";
import { asking } from "../support/asking.js";
import { useWorld, type Who } from "../support/world.js";

const world = useWorld();
const { reads, refuses } = asking(world);
const people = Array.from({ length: 23 }, (_, n) => `clerk${String(n).padStart(2, "0")}@acme.test`);

const query = `query Who($feature: String!, $scope: String!, $first: Int, $after: String, $last: Int, $before: String) {
  whoCan(feature: $feature, scope: $scope, first: $first, after: $after, last: $last, before: $before) {
    totalCount hiddenCount edges { cursor node { email } via { kind label } } nodes { email }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`;

interface Edge {
  readonly node: { readonly email: string };
  readonly via: readonly { readonly kind: string; readonly label: string }[];
}

const whoCan = async (who: Who, feature: string, scope: string, page = {}) =>
  (await reads(who, query, { feature, scope, ...page })).whoCan;
const emails = ({ edges }: { readonly edges: readonly Edge[] }) => edges.map(({ node }) => node.email);

beforeAll(async () => {
  const arrange = arranger(world.database);
  await arrange.feature("orders");
  for (const email of people) await arrange.user(email);
  await arrange.group({ name: "clerks", members: people });
  await arrange.group({ name: "shop", includes: ["clerks"] });
  await arrange.role({ code: "seller", features: ["orders"] });
  await arrange.grant({ group: "shop", role: "seller", scope: "campus/chicago" });
});

describe("whoCan", () => {
  it("reads everybody who holds the feature, with the way by which he does", async () => {
    const page = await whoCan("erin", "view_sales_page", "store/42");
    expect(emails(page).toSorted()).toEqual(["alice@acme.test", "jane@acme.test"]);
    expect(page).toMatchObject({ totalCount: 2, hiddenCount: 1 });
    const via = Object.fromEntries(
      page.edges.map(({ node, via }: Edge) => [node.email, via.map(({ label }) => label)] as const),
    );
    expect(via).toEqual({
      "alice@acme.test": ["alice@acme.test", "tenant_owner", "*", "tenant/acme"],
      "jane@acme.test": ["jane@acme.test", "sales_manager", "view_sales_page", "campus/chicago"],
    });
  });

  it.each(["forwards", "backwards"])("reads all of them in full pages %s, each once", async (direction) => {
    const isForwards = direction === "forwards";
    const all = emails(await whoCan("erin", "orders", "store/42", { first: 100 }));
    expect(all.toSorted()).toEqual([...people, "alice@acme.test"].toSorted());
    const found: string[][] = [];
    let cursor: string | null = null;
    for (;;) {
      const page: Awaited<ReturnType<typeof whoCan>> = await whoCan(
        "erin",
        "orders",
        "store/42",
        isForwards ? { first: 5, after: cursor } : { last: 5, before: cursor },
      );
      found.push(emails(page));
      const { hasNextPage, hasPreviousPage, startCursor, endCursor } = page.pageInfo;
      if (!(isForwards ? hasNextPage : hasPreviousPage)) break;
      cursor = isForwards ? endCursor : startCursor;
    }
    expect(found.map((page) => page.length)).toEqual([5, 5, 5, 5, 4]);
    expect((isForwards ? found : found.toReversed()).flat()).toEqual(all);
  });

  it("reads the groups on the way", async () => {
    const { edges } = await whoCan("erin", "orders", "campus/chicago", { first: 1 });
    expect(edges[0].via.map(({ kind }: { readonly kind: string }) => kind)).toEqual([
      "USER",
      "GROUP",
      "GROUP",
      "ROLE",
      "FEATURE",
      "SCOPE",
    ]);
  });

  it.each([
    ["who is locked", "update iam.users set is_locked = $2 where email = $1"],
    [
      "who is denied",
      `with undone as (delete from iam.grants where effect = 'deny')
       insert into iam.grants (tenant_id, user_id, feature_id, scope_id, effect)
       select s.tenant_id, u.id, f.id, s.id, 'deny' from iam.users u, iam.features f, iam.scopes s
       where $2 and u.email = $1 and f.code = 'orders' and s.key = '42'`,
    ],
    [
      "whose membership of the group is over",
      `update iam.group_members m set valid_until = case when $2 then now() end
       from iam.users u where u.id = m.user_id and u.email = $1`,
    ],
    [
      "whose membership of the tenant is over",
      `update iam.tenant_members m set deleted_at = case when $2 then now() end
       from iam.users u where u.id = m.user_id and u.email = $1`,
    ],
  ])("leaves out %s, and reads him again after", async (_, sql) => {
    const [person] = people;
    const count = async () => (await whoCan("erin", "orders", "store/42")).totalCount;
    await world.database.owner.query(sql, [person, true]);
    expect(await count()).toBe(people.length);
    await world.database.owner.query(sql, [person, false]);
    expect(await count()).toBe(people.length + 1);
  });

  it("counts whom the asker may not see, and hides who they are", async () => {
    const arrange = arranger(world.database);
    await arrange.grant({ user: "bob@acme.test", feature: "iam.explain", scope: "campus/chicago" });
    const page = await whoCan("bob", "orders", "store/42");
    // alice owns a group that bob is in
    expect(emails(page)).toEqual(["alice@acme.test"]);
    expect(page).toMatchObject({ totalCount: 1, hiddenCount: people.length + 1 });
  });

  it.each(["campus/miami", "tenant/acme", "campus/nowhere", "tenant/globex"])(
    "denies the list at %s without iam.explain there, with one answer",
    async (scope) => {
      expect(await refuses("bob", query, { feature: "orders", scope })).toMatchObject({
        code: "FORBIDDEN",
        extensions: { reason: 52109, requires: "iam.explain" },
      });
    },
  );

  it("denies it to the anonymous", async () => {
    expect((await refuses(null, query, { feature: "orders", scope: "store/42" })).code).toBe("FORBIDDEN");
  });

  it("reads nobody for a feature that there is not", async () => {
    expect(await whoCan("erin", "orders.unheard", "store/42")).toMatchObject({
      totalCount: 0,
      hiddenCount: 0,
      edges: [],
    });
  });
});
