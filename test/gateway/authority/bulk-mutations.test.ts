/** Many at once through HTTP: each item is done or tells what was wrong with it, and what failed leaves nothing behind. */
import { describe, expect, it } from "vitest";
import { fingerprint } from "../../support/fingerprint.js";
import type { Input } from "./mutation-cases.js";
import { call, useDelegates } from "./prove-cases.js";

const world = useDelegates();
const selects = "items { user done code message }";
const failed = (user: string, code: string, message: unknown = expect.any(String)) => ({
  user,
  done: false,
  code,
  message,
});
const done = (user: string) => ({ user, done: true, code: null, message: null });

const grantsOf = async (role: string) =>
  (
    await world.database.owner.query(
      "select u.email from iam.grants g join iam.roles r on r.id = g.role_id and r.code = $1 join iam.users u on u.id = g.user_id where g.granted_by is not null order by 1",
      [role],
    )
  ).rows.map(({ email }) => email);

const bulk = async (mutation: string, as: string, input: Input) => {
  const { body } = await call(world, mutation, { as, input, selects });
  expect(body.errors).toBeUndefined();
  return body.data[mutation].items;
};

describe("grantRoleToMany", () => {
  const at = { role: "sales_manager", scope: "campus/chicago" } as const;

  it("allows a delegate to give many what he holds, and names who could not be given it, in their order", async () => {
    expect(
      await bulk("grantRoleToMany", "gus", {
        ...at,
        users: ["bob@acme.test", "carol@globex.test", "", "Group:x", "dora@acme.test"],
      }),
    ).toEqual([
      done("bob@acme.test"),
      failed("carol@globex.test", "NOT_FOUND", "The user does not exist."),
      failed("", "BAD_USER_INPUT"),
      failed("Group:x", "BAD_USER_INPUT"),
      done("dora@acme.test"),
    ]);
    expect(await grantsOf("sales_manager")).toEqual(["bob@acme.test", "dora@acme.test"]);
  });

  it.each([
    ["what he does not hold", "gus", { ...at, role: "finance_officer" }, "FORBIDDEN"],
    ["a role that is none", "gus", { ...at, role: "nothing" }, "NOT_FOUND"],
    ["where he sees nothing", "gus", { ...at, scope: "campus/miami" }, "NOT_FOUND"],
    ["who may only see the place", "ann", at, "FORBIDDEN"],
    ["for a time that is over", "gus", { ...at, until: "2001-01-01T00:00:00Z" }, "BAD_USER_INPUT"],
  ])("denies every item of %s, and writes nothing", async (_why, as, input, code) => {
    const before = await fingerprint(world.database);
    const users = ["heir@acme.test", "ann@acme.test"];
    expect(await bulk("grantRoleToMany", as, { ...input, users })).toEqual(users.map((user) => failed(user, code)));
    expect(await fingerprint(world.database)).toBe(before);
  });

  it("records one event for each that was done", async () => {
    const count = "select count(*)::int as n from iam.audit_events where code = 50304";
    const before = (await world.database.owner.query(count)).rows[0].n;
    await bulk("grantRoleToMany", "gus", { ...at, users: ["heir@acme.test", "no.one@acme.test", "ann@acme.test"] });
    expect((await world.database.owner.query(count)).rows[0].n).toBe(before + 2);
  });
});

describe("addGroupMembers", () => {
  it("allows a delegate to add many, and names who could not be added", async () => {
    expect(
      await bulk("addGroupMembers", "gwen", {
        group: "Crew",
        users: ["bob@acme.test", "mallory@nowhere.test", "jane@acme.test"],
      }),
    ).toEqual([done("bob@acme.test"), failed("mallory@nowhere.test", "NOT_FOUND"), done("jane@acme.test")]);
    const { body } = await world.ask(
      "gwen@acme.test",
      '{ groups(filter: { name: { eq: "Crew" } }) { nodes { members { totalCount } } } }',
    );
    expect(body.data.groups.nodes).toEqual([{ members: { totalCount: 3 } }]);
  });

  it.each([
    ["a group that holds what she does not", "gwen", "Sellers", "FORBIDDEN"],
    ["a locked group", "gwen", "Frozen", "FORBIDDEN"],
    ["an external group", "gwen", "Outer", "FORBIDDEN"],
    ["a group that he may not see", "ann", "Crew", "NOT_FOUND"],
    ["another tenant's group", "gwen", "Board", "NOT_FOUND"],
    ["another type's id", "gwen", "User:00000000-0000-4000-8000-0000000000b0", "BAD_USER_INPUT"],
  ])("denies every item for %s, and writes nothing", async (_why, as, group, code) => {
    const before = await fingerprint(world.database);
    expect(await bulk("addGroupMembers", as, { group, users: ["heir@acme.test"] })).toEqual([
      failed("heir@acme.test", code),
    ]);
    expect(await fingerprint(world.database)).toBe(before);
  });
});

describe("every bulk form", () => {
  it.each([
    ["grantRoleToMany", { role: "sales_manager", scope: "campus/chicago" }],
    ["addGroupMembers", { group: "Crew" }],
  ])("rejects more items than it says, and does none: %s", async (mutation, input) => {
    const before = await fingerprint(world.database);
    const users = Array.from({ length: 1001 }, (_, n) => `user-${n}@acme.test`);
    const { body } = await call(world, mutation, { as: "gus", input: { ...input, users }, selects });
    expect(body).toMatchObject({ data: null, errors: [{ extensions: { code: "BAD_USER_INPUT" } }] });
    expect(await fingerprint(world.database)).toBe(before);
  });

  it("leaves nothing behind when another root field fails", async () => {
    const before = await fingerprint(world.database);
    const { body } = await world.ask(
      "gwen@acme.test",
      `mutation {
        addGroupMembers(input: { group: "Crew", users: ["heir@acme.test", "no.one@acme.test"] }) { items { done } }
        lockGroup(input: { group: "Core" }) { group { id } }
      }`,
    );
    expect(body).toMatchObject({ data: null, errors: [{ path: ["lockGroup"], extensions: { reason: 52271 } }] });
    expect(await fingerprint(world.database)).toBe(before);
  });
});
