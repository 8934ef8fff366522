/** The access of a row: said with the row, for each command and field, and the same as what then happens. */
import { beforeAll, describe, expect, it } from "vitest";
import { arrangeKey } from "../support/api-keys.js";
import { arranger } from "../support/arrange.js";
import { asking, dataOf } from "../support/asking.js";
import { tokenFor } from "../support/gateway-over.js";
import { useWorld } from "../support/world.js";

const world = useWorld();
const { reads } = asking(world);
const arrange = arranger(world.database);
const bob = "bob@acme.test";
const plants = "Todo:70d00000-0000-4000-8000-000000000003";
const milk = "Todo:70d00000-0000-4000-8000-000000000001";
const commands = "read update delete share";
const access = `access { ${commands} fields { title { read write } internalNote { read write } createdAt { read write } } }`;
const none = { read: true, update: false, delete: false, share: false };
const all = { read: true, update: true, delete: true, share: true };

beforeAll(async () => {
  await arrange.user("helper@acme.test");
  for (const feature of ["iam.impersonate", "todos.read", "todos.delete"])
    await arrange.grant({ user: "helper@acme.test", feature, scope: "tenant/acme" });
  await arrange.grant({ user: "jane@acme.test", feature: "todos.audit", scope: "campus/chicago" });
});

describe("the access of a row", () => {
  it("allows its owner every command, and denies him the field that needs a feature", async () => {
    const { todo } = await reads("bob", `{ todo(id: "${plants}") { ${access} } }`);
    expect(todo.access).toEqual({
      ...all,
      fields: {
        title: { read: true, write: true },
        internalNote: { read: false, write: false },
        createdAt: { read: true, write: false },
      },
    });
  });

  it("allows what a share opens, and denies the rest", async () => {
    const { todo } = await reads("bob", `{ todo(id: "${milk}") { ${access} } }`);
    expect(todo.access).toMatchObject({ ...none, update: true, fields: { title: { write: true } } });
  });

  it("allows who reads everything to read the note, and denies him to write anything", async () => {
    const { todo } = await reads("erin", `{ todo(id: "${plants}") { ${access} } }`);
    expect(todo.access).toEqual({
      ...none,
      fields: {
        title: { read: true, write: false },
        internalNote: { read: true, write: false },
        createdAt: { read: true, write: false },
      },
    });
  });

  it("is said row by row: the note is allowed where the caller holds the feature, and denied elsewhere", async () => {
    const { todos } = await reads("jane", `{ todos { nodes { title access { fields { internalNote { write } } } } } }`);
    expect(
      Object.fromEntries(
        todos.nodes.map((node: { title: string; access: { fields: { internalNote: { write: boolean } } } }) => [
          node.title,
          node.access.fields.internalNote.write,
        ]),
      ),
    ).toEqual({ "Call the Chicago store": true, "Buy milk for the office": false });
  });

  it("offers the commands that the resource has, and no others", async () => {
    const { sales } = await reads("jane", "{ sales { nodes { access { read fields { amount { read write } } } } } }");
    expect(sales.nodes).toEqual([{ access: { read: true, fields: { amount: { read: true, write: false } } } }]);
    const { body } = await world.as("jane", "{ sales { nodes { access { update } } } }");
    expect(body.errors[0].extensions.code).toBe("GRAPHQL_VALIDATION_FAILED");
  });

  it("is read under any name, in pieces, and in what a mutation answers", async () => {
    const { updateTodo } = await reads(
      "bob",
      `mutation { updateTodo(input: { id: "${milk}", done: true }) { todo { a: access { may: update } access { delete }
         access { fields { t: title { w: write } } } } } }`,
    );
    expect(updateTodo.todo).toEqual({
      a: { may: true },
      access: { delete: false, fields: { t: { w: true } } },
    });
  });
});

describe("the access of a row in somebody's name", () => {
  const commandsOf = async (headers: Readonly<Record<string, string>>) =>
    dataOf(await world.showing(headers, `{ todo(id: "${plants}") { access { ${commands} } } }`)).todo.access;

  it("denies whoever acts as the owner what he may not do himself", async () => {
    const authorization = `Bearer ${await tokenFor("helper@acme.test")}`;
    const found = await commandsOf({ authorization, "x-act-as": bob, "x-tenant": "acme" });
    expect(found).toEqual({ ...none, delete: true });
  });

  it("denies the owner's API key what it was not given", async () => {
    const { text } = await arrangeKey(world.database, {
      user: bob,
      given: [
        ["todos.read", "tenant/acme"],
        ["todos.share", "tenant/acme"],
        ["todos.update", "campus/miami"],
      ],
    });
    expect(await commandsOf({ "x-api-key": text })).toEqual({ ...none, share: true });
  });
});

describe("asking for the access of a page", () => {
  it("is the same one statement", async () => {
    world.takeStatements();
    await reads("alice", `{ todos { nodes { ${access} } } chats { nodes { access { ${commands} } } } }`);
    expect(world.takeStatements()).toHaveLength(2);
  });
});
