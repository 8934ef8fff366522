/** In charge of the lists that begin at a row or at a user: who may do something with it, and with what he may. */
import { beforeAll, describe, expect, it } from "vitest";
import { arranger } from "../support/arrange.js";
import { asking } from "../support/asking.js";
import { cast, useWorld, type Who } from "../support/world.js";

const world = useWorld();
const { reads, refuses } = asking(world);

const milk = "Todo:70d00000-0000-4000-8000-000000000001";
const store = "Todo:70d00000-0000-4000-8000-000000000004";
const absent = "Todo:70d00000-0000-4000-8000-00000000ffff";

const whoQuery = `query Who($id: ID!, $command: RowCommand!, $field: String) {
  whoCanAccess(id: $id, command: $command, field: $field, first: 100) {
    totalCount hiddenCount edges { node { email } via { label } } } }`;
const whatQuery = `query What($user: String, $type: String!, $command: RowCommand, $first: Int, $after: String, $last: Int, $before: String) {
  whatCan(user: $user, type: $type, command: $command, first: $first, after: $after, last: $last, before: $before) {
    totalCount nodes { __typename id } edges { cursor node { id ... on Todo { title owner { email } } } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`;

interface Edge {
  readonly node: { readonly email: string };
  readonly via: readonly { readonly label: string }[];
}

const whoCan = async (id: string, command: string, field?: string) => {
  const { edges } = (await reads("erin", whoQuery, { id, command, field })).whoCanAccess;
  return Object.fromEntries(edges.map(({ node, via }: Edge) => [node.email, via.map(({ label }) => label).slice(1)]));
};
const whatCan = async (who: Who, given: object) => (await reads(who, whatQuery, { type: "Todo", ...given })).whatCan;
const ids = ({ nodes }: { readonly nodes: readonly { readonly id: string }[] }) => nodes.map(({ id }) => id).toSorted();

beforeAll(async () => {
  await arranger(world.database).grant({ user: "bob@acme.test", feature: "todos.read", scope: "campus/chicago" });
});

describe("whoCanAccess", () => {
  it("reads everybody to whom the row is open, with the way", async () => {
    expect(await whoCan(milk, "READ")).toEqual({
      "alice@acme.test": ["owner"],
      "bob@acme.test": ["Office", "share"],
      "erin@acme.test": ["auditor", "todos.read", "tenant/acme"],
      "jane@acme.test": ["Chicago Office", "Office", "share"],
    });
    expect(Object.keys(await whoCan(milk, "UPDATE"))).not.toContain("erin@acme.test");
    expect(Object.keys(await whoCan(milk, "DELETE"))).toEqual(["alice@acme.test"]);
  });

  it("leaves out who may not use the field", async () => {
    expect(Object.keys(await whoCan(milk, "READ", "internalNote")).toSorted()).toEqual([
      "alice@acme.test",
      "erin@acme.test",
    ]);
  });

  it("denies the list without iam.explain, of rows that are there, hidden or not, and of absent ones, alike", async () => {
    const refusals = await Promise.all(
      [milk, store, absent].map((id) => refuses("bob", whoQuery, { id, command: "READ" })),
    );
    expect(refusals[0]).toMatchObject({ code: "FORBIDDEN", extensions: { requires: "iam.explain" } });
    expect(new Set(refusals.map((refusal) => JSON.stringify(refusal))).size).toBe(1);
  });

  it.each(["nothing", "createdAt"])("rejects the field %s for an edit", async (field) => {
    expect((await refuses("erin", whoQuery, { id: milk, command: "UPDATE", field })).code).toBe("BAD_USER_INPUT");
  });
});

describe("whatCan", () => {
  const seen = async (who: Who) =>
    (await reads(who, "{ todos(first: 100) { nodes { id } } }")).todos.nodes
      .map(({ id }: { readonly id: string }) => id)
      .toSorted();

  it("reads the rows that somebody sees, for who sees them all", async () => {
    for (const who of ["alice", "bob", "jane", "erin"] as const)
      expect(ids(await whatCan("erin", { user: cast[who] })), who).toEqual(await seen(who));
  });

  it("reads the caller's own without a right", async () => {
    expect(ids(await whatCan("jane", {}))).toEqual(await seen("jane"));
    expect(ids(await whatCan("jane", { command: "DELETE" }))).toEqual([store]);
  });

  it("reads the rows with what is asked of their type, page by page in both directions", async () => {
    const all = await whatCan("erin", { user: cast.alice });
    expect(all.edges[0].node).toMatchObject({ owner: expect.anything(), title: expect.any(String) });
    expect(all.nodes[0].__typename).toBe("Todo");
    const order = all.edges.map(({ node }: { readonly node: { readonly id: string } }) => node.id);
    const first = await whatCan("erin", { user: cast.alice, first: 2 });
    const rest = await whatCan("erin", { user: cast.alice, first: 10, after: first.pageInfo.endCursor });
    const back = await whatCan("erin", { user: cast.alice, last: 2, before: rest.pageInfo.startCursor });
    const of = (page: typeof all) => page.edges.map(({ node }: { readonly node: { readonly id: string } }) => node.id);
    expect([...of(first), ...of(rest)]).toEqual(order);
    expect(of(back)).toEqual(of(first));
  });

  it("denies asking about others without iam.explain, and hides rows where it is not held", async () => {
    expect((await refuses("bob", whatQuery, { user: cast.jane, type: "Todo" })).code).toBe("FORBIDDEN");
    await arranger(world.database).grant({ user: cast.bob, feature: "iam.explain", scope: "campus/chicago" });
    expect(ids(await whatCan("bob", { user: cast.jane }))).toEqual([store]);
    expect((await refuses("bob", whatQuery, { user: "carol@globex.test", type: "Todo" })).code).toBe("NOT_FOUND");
  });

  it("rejects types whose rows are not explained, and sharing", async () => {
    for (const given of [{ type: "User" }, { type: "Nothing" }, { type: "Todo", command: "SHARE" }])
      expect((await refuses("erin", whatQuery, given)).code).toBe("BAD_USER_INPUT");
  });
});
