/** Permissions over HTTP: features and where they are held, types and fields at a scope, of oneself and of others. */
import { beforeAll, describe, expect, it } from "vitest";
import { arrangeKey } from "../support/api-keys.js";
import { arranger } from "../support/arrange.js";
import { asking, dataOf } from "../support/asking.js";
import { tokenFor } from "../support/gateway-over.js";
import { useWorld, type Who } from "../support/world.js";

const world = useWorld();
const { reads, refuses } = asking(world);
const arrange = arranger(world.database);
const types = "types { name create read update delete share fields { name readable writable requires } }";

const asked = (args: string, selection: string) => `{ viewer { permissions${args} { ${selection} } } }`;
const permissions = async (who: Who, args: string, selection: string) =>
  (await reads(who, asked(args, selection))).viewer.permissions;
const features = async (who: Who, args = "") => (await permissions(who, args, "features { feature scope }")).features;
interface Type {
  readonly name: string;
  readonly fields: readonly object[];
}
const typeNamed = async (who: Who, name: string, args = "") =>
  (await permissions(who, args, types)).types.find((type: Type) => type.name === name);
const none = { create: false, read: false, update: false, delete: false, share: false };

beforeAll(async () => {
  await arrange.user("pat@acme.test");
  await arrange.grant({ user: "pat@acme.test", feature: "todos", scope: "tenant/acme" });
  await arrange.grant({ user: "pat@acme.test", feature: "todos.delete", scope: "campus/chicago", effect: "deny" });
  await arrange.grant({ user: "pat@acme.test", feature: "iam.explain", scope: "campus/chicago" });
  await arrange.grant({ user: "pat@acme.test", feature: "chats.read", scope: "tenant/acme", until: -5 });
});

/** Asks as Pat, whom the cast doesn't have. */
const asPat = async (query: string, headers: Readonly<Record<string, string>> = {}) =>
  world.showing({ authorization: `Bearer ${await tokenFor("pat@acme.test")}`, ...headers }, query);
const todosOf = (from: string, ...verbs: readonly string[]) =>
  ["todos", ...verbs.map((verb) => `todos.${verb}`)].map((feature) => ({ feature, scope: from }));

describe("the features of a caller", () => {
  it("are told with the scope where each begins, for a scope and without one", async () => {
    const held = ["approve_payments", "view_sales_page"].map((feature) => ({ feature, scope: "campus/chicago" }));
    expect(await features("jane")).toEqual(held);
    expect(await features("jane", '(scope: "store/42")')).toEqual(held);
    expect(await features("jane", '(scope: "campus/miami")')).toEqual([]);
    expect(await features("bob")).toEqual([]);
  });

  it("leave out what is denied there, and what is over", async () => {
    const { viewer } = dataOf(await asPat(asked('(scope: "store/42")', "features { feature scope }")));
    expect(viewer.permissions.features).toEqual([
      { feature: "iam.explain", scope: "campus/chicago" },
      ...todosOf("tenant/acme", "audit", "create", "read", "share", "update"),
    ]);
    const miami = dataOf(await asPat(asked('(scope: "campus/miami")', "features { feature }"))).viewer.permissions;
    expect(miami.features).toContainEqual({ feature: "todos.delete" });
    expect(miami.features).not.toContainEqual({ feature: "iam.explain" });
  });

  it("are none at a scope that doesn't exist here, and null for nobody", async () => {
    for (const scope of ["tenant/globex", "tenant/nowhere", ""])
      expect(await features("alice", `(scope: "${scope}")`)).toEqual([]);
    expect(await permissions(null, "", "features { feature }")).toBeNull();
  });
});

describe("the types of a caller", () => {
  it("allow by features at the scope, and deny elsewhere", async () => {
    expect(await typeNamed("jane", "Sale", '(scope: "campus/chicago")')).toMatchObject({ ...none, read: true });
    expect(await typeNamed("jane", "Sale", '(scope: "campus/miami")')).toMatchObject(none);
    expect(await typeNamed("erin", "Todo")).toMatchObject({ ...none, create: true, read: true });
    expect(await typeNamed("alice", "Todo", '(scope: "store/42")')).toMatchObject({
      create: true,
      read: true,
      update: true,
      delete: true,
      share: true,
    });
    expect(await typeNamed("alice", "Todo", '(scope: "tenant/nowhere")')).toMatchObject(none);
  });

  it("allow a member to create at the root and deny it below", async () => {
    expect(await typeNamed("bob", "Todo")).toMatchObject({ ...none, create: true });
    expect(await typeNamed("bob", "Todo", '(scope: "campus/chicago")')).toMatchObject(none);
    const { data } = (await world.as("bob", 'mutation { createTodo(input: { title: "x" }) { todo { id } } }')).body;
    expect(data.createTodo.todo).not.toBeNull();
  });

  it("tell of each field who may read and write it, and what that requires", async () => {
    const note = async (who: Who) =>
      (await typeNamed(who, "Todo")).fields.find(({ name }: { name: string }) => name === "internalNote");
    const requires = "todos.audit";
    expect(await note("erin")).toEqual({ name: "internalNote", readable: true, writable: false, requires });
    expect(await note("alice")).toEqual({ name: "internalNote", readable: true, writable: true, requires });
    expect(await note("bob")).toEqual({ name: "internalNote", readable: false, writable: false, requires });
    const { fields } = await typeNamed("alice", "Todo");
    expect(fields).toContainEqual({ name: "createdAt", readable: true, writable: false, requires: null });
    expect(fields).toContainEqual({ name: "title", readable: true, writable: true, requires: null });
  });

  it("are read in the one statement of the viewer", async () => {
    world.takeStatements();
    await reads(
      "jane",
      `{ viewer { kind user { email } tenant { slug } permissions(scope: "campus/chicago") {
      features { feature scope } ${types} } } }`,
    );
    expect(world.takeStatements()).toHaveLength(1);
  });
});

describe("permissions in somebody's name", () => {
  const root = "types { name create read update } features { feature scope }";
  const todo = (body: { viewer: { permissions: { types: readonly Type[] } } }) =>
    body.viewer.permissions.types.find(({ name }) => name === "Todo");

  it("deny an API key what it was not given, creating at the root included", async () => {
    const { text } = await arrangeKey(world.database, {
      user: "pat@acme.test",
      given: [
        ["todos.read", "tenant/acme"],
        ["todos.update", "campus/miami"],
      ],
    });
    const found = dataOf(await world.showing({ "x-api-key": text }, asked("", root)));
    expect(found.viewer.permissions.features).toEqual([
      { feature: "todos.read", scope: "tenant/acme" },
      { feature: "todos.update", scope: "campus/miami" },
    ]);
    expect(todo(found)).toEqual({ name: "Todo", create: false, read: true, update: false });
  });

  it("deny whoever acts as somebody what he doesn't hold himself", async () => {
    await arrange.user("helper@acme.test");
    for (const feature of ["iam.impersonate", "todos.read"])
      await arrange.grant({ user: "helper@acme.test", feature, scope: "tenant/acme" });
    const authorization = `Bearer ${await tokenFor("helper@acme.test")}`;
    const headers = { authorization, "x-act-as": "pat@acme.test", "x-tenant": "acme" };
    const found = dataOf(await world.showing(headers, asked("", root)));
    expect(found.viewer.permissions.features).toEqual([{ feature: "todos.read", scope: "tenant/acme" }]);
    expect(todo(found)).toEqual({ name: "Todo", create: true, read: true, update: false });
  });
});

describe("the permissions of somebody else", () => {
  it("are told with iam.explain at the scope", async () => {
    expect(await features("alice", '(user: "jane@acme.test")')).toEqual(await features("jane"));
    const found = dataOf(
      await asPat(asked('(scope: "campus/chicago", user: "jane@acme.test")', `features { feature } ${types}`)),
    ).viewer.permissions;
    expect(found.features).toHaveLength(2);
    expect(found.types.find(({ name }: Type) => name === "Sale")).toMatchObject({ ...none, read: true });
  });

  it("tell nothing of creating where members need no feature", async () => {
    expect(await typeNamed("alice", "Todo", '(user: "bob@acme.test")')).toMatchObject({ ...none, create: null });
    const below = '(user: "bob@acme.test", scope: "campus/miami")';
    expect(await typeNamed("alice", "Todo", below)).toMatchObject(none);
    expect(await typeNamed("alice", "Todo", '(user: "pat@acme.test")')).toMatchObject({ create: true, delete: true });
  });

  it("are denied elsewhere, and to everybody else", async () => {
    const ask = (args: string) => asked(args, "features { feature }");
    const forbidden = { code: "FORBIDDEN", extensions: { requires: "iam.explain", reason: 52109 } };
    expect(await refuses("bob", ask('(user: "jane@acme.test")'))).toMatchObject(forbidden);
    expect(await refuses("bob", ask('(user: "nobody@acme.test")'))).toMatchObject(forbidden);
    const { body } = await asPat(ask('(user: "jane@acme.test", scope: "campus/miami")'));
    expect(body.errors[0].extensions).toMatchObject({ code: "FORBIDDEN", requires: "iam.explain" });
  });

  it("hide whether somebody exists elsewhere: the same for unknown and foreign", async () => {
    const ask = (user: string) => refuses("alice", asked(`(user: "${user}")`, "features { feature }"));
    const unknown = await ask("nobody@acme.test");
    expect(unknown).toMatchObject({ code: "NOT_FOUND", extensions: { reason: 52103 } });
    expect(await ask("carol@globex.test")).toEqual(unknown);
  });
});
