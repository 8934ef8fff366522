/** In charge of the reasons that PostgreSQL gives: the chain by which somebody holds a feature, or what is missing. */
import { beforeAll, describe, expect, test } from "vitest";
import { arranger } from "../support/arrange.js";
import { useCallers } from "../support/callers.js";

const { as, database } = useCallers();
const arrange = arranger(database);
const [jane, bob, erin, alice] = ["jane@acme.test", "bob@acme.test", "erin@acme.test", "alice@acme.test"];

// biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
type Answer = any;

const explain = (who: string, feature: string, scope: string, user: string | null = null): Promise<Answer> =>
  as(who).value("select iam.explain($1, $2, $3)", feature, scope, user);
const labels = ({ chain }: Answer) => chain.map(({ label }: { readonly label: string }) => label);
const change = (statement: string, ...parameters: readonly unknown[]) =>
  database.owner.query(statement, [...parameters]);

beforeAll(async () => {
  await arrange.feature("orders");
  await arrange.feature("orders.cancel");
  await arrange.feature("orders.refund");
  await arrange.feature("orders.refund.large");
});

describe("a chain", () => {
  test("leads from the user over his role and its feature to the scope it was given at", async () => {
    const answer = await explain(erin, "view_sales_page", "store/42", jane);
    expect(answer).toMatchObject({ allowed: true, reason: "ALLOWED", denies: [] });
    expect(labels(answer)).toEqual([jane, "sales_manager", "view_sales_page", "campus/chicago"]);
    expect(answer.chain.map(({ kind }: Answer) => kind)).toEqual(["USER", "ROLE", "FEATURE", "SCOPE"]);
    expect(answer.chain[3].id).toBe("Scope:5c000000-0000-4000-8000-000000000011");
  });

  test("leads over the groups and the roles between, by the shortest way", async () => {
    await arrange.role({ code: "canceller", features: ["orders.cancel"] });
    await arrange.role({ code: "clerk", includes: ["canceller"] });
    await arrange.role({ code: "chief", includes: ["clerk"] });
    await arrange.group({ name: "floor", members: [bob] });
    await arrange.group({ name: "house", includes: ["floor"] });
    await arrange.group({ name: "annex", includes: ["floor"] });
    await arrange.group({ name: "city", includes: ["house", "annex"] });
    await arrange.group({ name: "state", includes: ["city", "annex"] });
    await arrange.grant({ group: "state", role: "chief", scope: "campus/chicago" });
    expect(labels(await explain(bob, "orders.cancel", "store/42"))).toEqual([
      bob,
      "floor",
      "annex",
      "state",
      "chief",
      "clerk",
      "canceller",
      "orders.cancel",
      "campus/chicago",
    ]);
    await arrange.role({ code: "short", features: ["orders"] });
    await arrange.grant({ group: "floor", role: "short", scope: "tenant/acme" });
    expect(labels(await explain(bob, "orders.cancel", "store/42"))).toEqual([
      bob,
      "floor",
      "short",
      "orders",
      "tenant/acme",
    ]);
    await change("delete from iam.groups where name in ('floor', 'house', 'annex', 'city', 'state')");
  });

  test("names the feature above the one that was asked for", async () => {
    expect(labels(await explain(alice, "orders.cancel", "store/42"))).toEqual([
      alice,
      "tenant_owner",
      "*",
      "tenant/acme",
    ]);
  });
});

describe("a denial", () => {
  test("names what is missing, and the nearest grant: the same feature elsewhere", async () => {
    expect(await explain(erin, "view_sales_page", "campus/miami", jane)).toEqual({
      allowed: false,
      reason: "NOT_HELD",
      chain: [],
      denies: [],
      missing: "view_sales_page",
      nearest: { feature: "view_sales_page", scope: "campus/chicago", via: "sales_manager" },
    });
  });

  test.each([
    ["orders.refund.large", "orders.refund", "one below it here"],
    ["orders.cancel", "orders.refund", "one beside it here"],
  ])("names %s as the nearest to %s: %s", async (held, asked) => {
    const id = await arrange.grant({ user: bob, feature: held, scope: "campus/chicago" });
    expect((await explain(erin, asked, "store/42", bob)).nearest).toEqual({
      feature: held,
      scope: "campus/chicago",
      via: "directly",
    });
    expect((await explain(erin, asked, "campus/miami", bob)).nearest).toBeNull();
    await change("delete from iam.grants where id = $1", id);
  });

  test("names no deny as the nearest grant, and none of another tenant", async () => {
    await arrange.user("nell@acme.test", ["acme", "globex"]);
    const nell = { user: "nell@acme.test", feature: "orders.refund" };
    await arrange.grant({ ...nell, scope: "campus/miami", effect: "deny" });
    await arrange.grant({ ...nell, scope: "tenant/globex", tenant: "globex" });
    expect((await explain(erin, "orders.refund", "campus/chicago", "nell@acme.test")).nearest).toBeNull();
    const own = await as("nell@acme.test", { tenant: "acme" }).value(
      "select iam.explain($1, 'tenant/acme')",
      nell.feature,
    );
    expect(own).toMatchObject({ reason: "NOT_HELD", nearest: null });
  });

  test("names the deny that hit, and says that nothing is missing", async () => {
    const id = await arrange.grant({ user: jane, feature: "*", scope: "store/42", effect: "deny" });
    expect(await explain(jane, "view_sales_page", "store/42")).toMatchObject({
      allowed: false,
      reason: "DENIED_BY_GRANT",
      missing: null,
      denies: [{ feature: "*", scope: "store/42", via: "directly" }],
    });
    expect(await explain(jane, "view_sales_page", "campus/chicago")).toMatchObject({ allowed: true, denies: [] });
    await change("delete from iam.grants where id = $1", id);
  });

  test("names what is missing beside a deny that hit, when nothing gives it", async () => {
    const id = await arrange.grant({ user: jane, feature: "view_sales_page", scope: "campus/miami", effect: "deny" });
    expect(await explain(erin, "view_sales_page", "campus/miami", jane)).toMatchObject({
      reason: "DENIED_BY_GRANT",
      missing: "view_sales_page",
    });
    await change("delete from iam.grants where id = $1", id);
  });

  test("hides what is denied to others", async () => {
    const given = { feature: "view_sales_page", scope: "store/42", effect: "deny" } as const;
    const ids = [await arrange.grant({ ...given, user: jane }), await arrange.grant({ ...given, user: bob })];
    expect((await explain(jane, "view_sales_page", "store/42")).denies).toHaveLength(1);
    await change("delete from iam.grants where id = any ($1)", ids);
  });

  test.each([
    ["EXPIRED", { from: -20, until: -10 }],
    ["NOT_YET", { from: 600 }],
  ])("says %s of a grant that is out of its time", async (reason, period) => {
    const id = await arrange.grant({ user: bob, role: "finance_officer", scope: "tenant/acme", ...period });
    for (const [who, user] of [[bob], [erin, bob]] as const)
      expect(await explain(who, "approve_payments", "tenant/acme", user ?? null)).toMatchObject({
        allowed: false,
        reason,
        missing: "approve_payments",
        nearest: { feature: "approve_payments", scope: "tenant/acme", via: "finance_officer" },
      });
    await change("delete from iam.grants where id = $1", id);
  });

  test.each([
    [
      "EXPIRED",
      "update iam.group_members set valid_from = now() - interval '2 h', valid_until = now() - interval '1 h'",
    ],
    ["NOT_YET", "update iam.group_members set valid_from = now() + interval '1 h'"],
    ["GROUP_INACTIVE", "update iam.groups set is_active = false"],
  ])("says %s of a group that gives nothing, and hides from its member what it would give", async (reason, sql) => {
    const group = await arrange.group({ name: "payers", members: [bob] });
    await arrange.grant({ group: "payers", feature: "approve_payments", scope: "campus/miami" });
    expect(await explain(bob, "approve_payments", "campus/miami")).toMatchObject({ allowed: true });
    await change(`${sql} where ${sql.includes("members") ? "group_id" : "id"} = $1`, group);
    expect(await explain(erin, "approve_payments", "campus/miami", bob)).toMatchObject({
      allowed: false,
      reason,
      nearest: { feature: "approve_payments", scope: "campus/miami", via: "payers" },
    });
    // bob sees no grant there any more, so for him there is no such place
    expect(await explain(bob, "approve_payments", "campus/miami")).toMatchObject({ reason: "UNKNOWN_SCOPE" });
    const here = await arrange.grant({ user: bob, feature: "orders", scope: "campus/miami" });
    expect(await explain(bob, "approve_payments", "campus/miami")).toMatchObject({
      reason: "NOT_HELD",
      nearest: { feature: "orders" },
    });
    await change("delete from iam.grants where id = $1", here);
    await change("delete from iam.groups where id = $1", group);
  });

  test.each([
    ["USER_INACTIVE", "update iam.users set is_active = false where email = $1"],
    ["USER_LOCKED", "update iam.users set is_locked = true where email = $1"],
    [
      "MEMBER_INACTIVE",
      "update iam.tenant_members m set deleted_at = now() from iam.users u where u.id = m.user_id and u.email = $1",
    ],
  ])("says %s of a user for whom no session opens", async (reason, sql) => {
    const email = `${reason.toLowerCase()}@acme.test`;
    await arrange.user(email);
    await arrange.grant({ user: email, feature: "orders", scope: "tenant/acme" });
    expect(await explain(erin, "orders.cancel", "store/42", email)).toMatchObject({ allowed: true });
    await change(sql, email);
    expect(await explain(erin, "orders.cancel", "store/42", email)).toMatchObject({
      allowed: false,
      reason,
      chain: [],
    });
  });

  test.each([
    ["UNKNOWN_FEATURE", "orders.unheard", "campus/chicago"],
    ["UNKNOWN_SCOPE", "view_sales_page", "campus/nowhere"],
    ["UNKNOWN_SCOPE", "view_sales_page", "campus"],
    ["UNKNOWN_SCOPE", "view_sales_page", ""],
  ])("says %s of %s at %s", async (reason, feature, scope) => {
    expect(await explain(jane, feature, scope)).toMatchObject({ allowed: false, reason });
  });
});

describe("who asks", () => {
  test("hides a scope that he may not see: it is answered like one that is not there", async () => {
    const [hidden, absent] = await Promise.all(
      ["campus/miami", "campus/nowhere"].map((scope) => explain(jane, "view_sales_page", scope)),
    );
    expect(JSON.stringify(hidden)).toBe(JSON.stringify(absent));
  });

  test("is allowed to ask about himself by name", async () => {
    expect(await explain(jane, "view_sales_page", "store/42", "Jane@acme.test")).toMatchObject({ allowed: true });
  });

  const asking = (who: string, scope: string, user: string) =>
    as(who).trial("select iam.explain('view_sales_page', $1, $2)", scope, user);

  test.each([
    ["a member", "campus/chicago", jane],
    ["nobody", "campus/chicago", "nobody@acme.test"],
    ["another tenant's user", "campus/chicago", "carol@globex.test"],
    ["a member, at a place that is not there", "campus/nowhere", jane],
  ])("is denied asking about %s without iam.explain, with one answer", async (_, scope, user) => {
    expect(await asking(bob, scope, user)).toBe("52109");
  });

  test("is allowed where he holds iam.explain, and denied elsewhere", async () => {
    const id = await arrange.grant({ user: bob, feature: "iam.explain", scope: "campus/chicago" });
    expect(await explain(bob, "view_sales_page", "store/42", jane)).toMatchObject({ allowed: true });
    expect(await asking(bob, "campus/miami", jane)).toBe("52109");
    expect(await asking(bob, "tenant/acme", jane)).toBe("52109");
    await change("delete from iam.grants where id = $1", id);
  });

  test("hides what somebody holds where he may not ask", async () => {
    const id = await arrange.grant({ user: bob, feature: "iam.explain", scope: "campus/miami" });
    expect((await explain(bob, "view_sales_page", "campus/miami", jane)).nearest).toBeNull();
    expect((await explain(erin, "view_sales_page", "campus/miami", jane)).nearest).not.toBeNull();
    await change("delete from iam.grants where id = $1", id);
  });

  test.each(["carol@globex.test", "nobody@acme.test", "User:00000000-0000-4000-8000-0000000000c0"])(
    "says that %s does not exist",
    async (user) => {
      expect(await asking(erin, "campus/chicago", user)).toBe("52103");
    },
  );

  test("hides the chain from who acts as the user without iam.explain, and says that he is not allowed", async () => {
    await arrange.grant({ user: bob, feature: "iam.impersonate", scope: "tenant/acme" });
    const asJane = (feature: string): Promise<Answer> =>
      as(bob, { actAs: jane }).value("select iam.explain($1, 'store/42')", feature);
    expect(await asJane("view_sales_page")).toMatchObject({ reason: "ACTOR_NOT_ALLOWED", chain: [] });
    const id = await arrange.grant({ user: bob, role: "sales_manager", scope: "campus/chicago" });
    expect(await asJane("view_sales_page")).toMatchObject({ allowed: true, chain: [] });
    expect(await asJane("approve_payments")).toMatchObject({
      allowed: false,
      reason: "ACTOR_NOT_ALLOWED",
      missing: "approve_payments",
    });
    await change("delete from iam.grants where id = $1", id);
  });
});
