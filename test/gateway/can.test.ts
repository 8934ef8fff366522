/** Checks over HTTP: of oneself by everybody, of others with iam.explain at the scope, many at once. */
import { beforeAll, describe, expect, it } from "vitest";
import { arrangeKey } from "../support/api-keys.js";
import { arranger } from "../support/arrange.js";
import { asking, dataOf } from "../support/asking.js";
import { tokenFor } from "../support/gateway-over.js";
import { useWorld, type Who } from "../support/world.js";

const world = useWorld();
const { reads, refuses } = asking(world);
const arrange = arranger(world.database);
const jane = "jane@acme.test";

const can = (feature: string, scope: string, user?: string) =>
  `can(feature: "${feature}", scope: "${scope}"${user === undefined ? "" : `, user: "${user}"`})`;
const answer = async (who: Who, ...given: Parameters<typeof can>) => (await reads(who, `{ ${can(...given)} }`)).can;

beforeAll(async () => {
  await arrange.grant({ user: "bob@acme.test", feature: "iam.explain", scope: "campus/chicago" });
});

describe("a check of oneself", () => {
  it("allows what is held at the scope or above it, and denies it elsewhere", async () => {
    expect(await answer("jane", "view_sales_page", "campus/chicago")).toBe(true);
    expect(await answer("jane", "view_sales_page", "store/42")).toBe(true);
    expect(await answer("jane", "view_sales_page", "campus/miami")).toBe(false);
    expect(await answer("jane", "view_sales_page", "campus/chicago", jane)).toBe(true);
    expect(await answer("alice", "iam.users.read", "store/42")).toBe(true);
  });

  it("denies what doesn't exist here, another tenant's scope, and everything to nobody", async () => {
    for (const [feature, scope] of [
      ["nothing.at.all", "tenant/acme"],
      ["todos.read", "tenant/nowhere"],
      ["todos.read", "tenant/globex"],
      ["todos.read", "acme"],
      ["todos.read", ""],
    ] as const)
      expect(await answer("alice", feature, scope)).toBe(false);
    expect(await answer(null, "todos.read", "tenant/acme")).toBe(false);
  });

  it("denies a key what it was not given, and whoever acts as somebody what he doesn't hold", async () => {
    const { text } = await arrangeKey(world.database, { user: jane, given: [["view_sales_page", "store/42"]] });
    const asked = `{ a: ${can("view_sales_page", "store/42")} b: ${can("view_sales_page", "campus/chicago")} }`;
    expect(dataOf(await world.showing({ "x-api-key": text }, asked))).toEqual({ a: true, b: false });
    await arrange.user("helper@acme.test");
    await arrange.grant({ user: "helper@acme.test", feature: "iam.impersonate", scope: "tenant/acme" });
    await arrange.grant({ user: "helper@acme.test", feature: "view_sales_page", scope: "store/42" });
    const authorization = `Bearer ${await tokenFor("helper@acme.test")}`;
    const headers = { authorization, "x-act-as": jane, "x-tenant": "acme" };
    expect(dataOf(await world.showing(headers, asked))).toEqual({ a: true, b: false });
  });
});

describe("a check of somebody else", () => {
  it("is answered with iam.explain at the scope, by e-mail and by global id", async () => {
    expect(await answer("alice", "view_sales_page", "campus/chicago", jane)).toBe(true);
    expect(await answer("alice", "view_sales_page", "campus/miami", jane)).toBe(false);
    expect(await answer("bob", "view_sales_page", "store/42", "User:00000000-0000-4000-8000-000000000051")).toBe(true);
  });

  it.each([
    ["bob", "campus/miami", jane],
    ["bob", "tenant/acme", jane],
    ["bob", "tenant/nowhere", jane],
    ["bob", "tenant/acme", "nobody@acme.test"],
    ["jane", "campus/chicago", "bob@acme.test"],
  ] as const)("is denied to %s at %s, about %s", async (who, scope, user) => {
    const refusal = await refuses(who, `{ ${can("view_sales_page", scope, user)} }`);
    expect(refusal).toMatchObject({ code: "FORBIDDEN", extensions: { requires: "iam.explain", reason: 52109 } });
  });

  it("says the same of somebody who doesn't exist and of somebody of another tenant", async () => {
    const ask = (user: string) => refuses("alice", `{ ${can("view_sales_page", "campus/chicago", user)} }`);
    const [unknown, foreign] = [await ask("nobody@acme.test"), await ask("carol@globex.test")];
    expect(unknown).toMatchObject({ code: "NOT_FOUND", extensions: { reason: 52103 } });
    expect({ ...foreign }).toEqual({ ...unknown });
    expect(await refuses(null, `{ ${can("todos.read", "tenant/acme", jane)} }`)).toMatchObject({
      code: "UNAUTHENTICATED",
    });
  });

  it("denies what somebody holds who can't act: locked, or no member any more", async () => {
    for (const [name, change] of [
      ["locked", "update iam.users set is_locked = true where email = $1"],
      ["off", "update iam.users set is_active = false where email = $1"],
      [
        "gone",
        "update iam.tenant_members set deleted_at = now() where user_id = (select id from iam.users where email = $1)",
      ],
    ] as const) {
      const email = `${name}@acme.test`;
      await arrange.user(email);
      await arrange.grant({ user: email, feature: "view_sales_page", scope: "tenant/acme" });
      expect(await answer("alice", "view_sales_page", "tenant/acme", email)).toBe(true);
      await world.database.owner.query(change, [email]);
      expect(await answer("alice", "view_sales_page", "tenant/acme", email)).toBe(false);
    }
  });
});

describe("many checks", () => {
  const checks = Array.from({ length: 1_000 }, (_, n) => ({
    feature: ["view_sales_page", "todos.read", "nothing"][n % 3],
    scope: ["campus/chicago", "campus/miami"][n % 2],
  }));
  const query = "query ($checks: [CheckInput!]!, $user: String) { canAll(checks: $checks, user: $user) }";
  const expected = checks.map(({ feature, scope }) => feature === "view_sales_page" && scope === "campus/chicago");

  it("are answered in their order by one statement, of oneself and of somebody else", async () => {
    world.takeStatements();
    expect((await reads("jane", query, { checks })).canAll).toEqual(expected);
    expect((await reads("alice", query, { checks, user: jane })).canAll).toEqual(expected);
    expect(world.takeStatements()).toHaveLength(2);
  });

  it("are denied whole where one of them is not the caller's to ask", async () => {
    const refusal = await refuses("bob", query, { checks, user: jane });
    expect(refusal).toMatchObject({ code: "FORBIDDEN", extensions: { requires: "iam.explain" } });
    const local = checks.filter(({ scope }) => scope === "campus/chicago");
    expect((await reads("bob", query, { checks: local, user: jane })).canAll).toHaveLength(500);
  });

  it("are refused when they are too many, and none of none", async () => {
    const refusal = await refuses("jane", query, { checks: [...checks, checks[0]] });
    expect(refusal).toMatchObject({ code: "BAD_USER_INPUT" });
    expect((await reads("jane", query, { checks: [] })).canAll).toEqual([]);
  });
});
