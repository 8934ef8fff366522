/** In charge of why, asked with an API key or by somebody who acts as another: what is allowed to all of them, and told of none. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createPool, type Pool } from "../../src/database/pool.js";
import { arrangeKey } from "../support/api-keys.js";
import { arranger } from "../support/arrange.js";
import { dataOf, refusalOf } from "../support/asking.js";
import { useTestDatabase } from "../support/database.js";
import { gatewayOver } from "../support/gateway-over.js";

const database = useTestDatabase();
const jane = "jane@acme.test";
const store = "Todo:70d00000-0000-4000-8000-000000000004"; // jane's own, at campus/chicago
const milk = "Todo:70d00000-0000-4000-8000-000000000001"; // shared with the office for writing
let pool: Pool;
let gateway: ReturnType<typeof gatewayOver>;
beforeAll(() => {
  pool = createPool({ url: database.url, size: 2, acquireTimeoutMillis: 10_000, prepare: true });
  gateway = gatewayOver(pool);
});
afterAll(() => pool.close());

type Given = readonly (readonly [feature: string, scope: string])[];

async function withKey(user: string, given: Given, query: string) {
  const { text } = await arrangeKey(database, { user, given });
  return gateway.as(null, { "x-api-key": text }).query(query);
}
const why = (feature: string, user = "") =>
  `{ explain(feature: "${feature}", scope: "store/42"${user}) { allowed reason missing chain { label } } can(feature: "${feature}", scope: "store/42") }`;
const row = (id: string, command: string) =>
  `{ explainRow(id: "${id}", command: ${command}) { allowed exists visible reason policy chain { label } } }`;

const field = (id: string) =>
  `{ explainField(type: "Todo", field: "internalNote", id: "${id}") { read { allowed because { reason chain { label } } } } }`;

describe("an API key", () => {
  const scopes = ["iam.scopes.read", "tenant/acme"] as const;

  it.each([
    ["was given the feature", [["view_sales_page", "campus/chicago"]], "ALLOWED"],
    ["was given another", [["approve_payments", "campus/chicago"]], "KEY_NOT_GIVEN"],
    ["was given it elsewhere", [["view_sales_page", "campus/miami"]], "KEY_NOT_GIVEN"],
  ] as const)("that %s is told what can says, and no chain", async (_, given, reason) => {
    await arranger(database).grant({ user: jane, feature: "iam.scopes.read", scope: "tenant/acme" });
    const { explain, can } = dataOf(await withKey(jane, [...given, scopes], why("view_sales_page")));
    expect(explain).toMatchObject({ allowed: can, reason, chain: [] });
    expect(can).toBe(reason === "ALLOWED");
  });

  it("that was given what its owner doesn't hold is told that it is not held", async () => {
    const { explain } = dataOf(await withKey(jane, [["todos", "tenant/acme"], scopes], why("todos.delete")));
    expect(explain).toMatchObject({ allowed: false, reason: "NOT_HELD", missing: "todos.delete", chain: [] });
  });

  it("is denied asking about others without iam.explain of its own", async () => {
    const query = why("view_sales_page", `, user: "${jane}"`);
    const given = [["iam.users.read", "tenant/acme"]] as const;
    expect(refusalOf(await withKey("erin@acme.test", given, query)).code).toBe("FORBIDDEN");
    const { explain } = dataOf(await withKey("erin@acme.test", [["iam.explain", "tenant/acme"]], query));
    expect(explain).toMatchObject({ allowed: true, chain: [{ label: jane }, {}, {}, {}] });
  });

  it("hides its owner's own row without the command's feature, like an absent one", async () => {
    const hidden = await withKey(jane, [["chats.read", "tenant/acme"]], row(store, "READ"));
    const absent = await withKey(jane, [["chats.read", "tenant/acme"]], row(store.replace(/4$/, "f"), "READ"));
    expect(hidden.body).toEqual(absent.body);
    expect(dataOf(hidden).explainRow).toMatchObject({ exists: null, visible: false, reason: "NOT_FOUND" });
  });

  it.each([
    ["READ", "ALLOWED", "todos_select_user"],
    ["UPDATE", "NO_WAY", "todos_update_delegate"],
    ["SHARE", "NO_WAY", null],
  ])("that may read only is told %s of its owner's row: %s", async (command, reason, policy) => {
    const { explainRow } = dataOf(await withKey(jane, [["todos.read", "campus/chicago"]], row(store, command)));
    expect(explainRow).toMatchObject({ allowed: reason === "ALLOWED", visible: true, reason, policy, chain: [] });
  });

  it.each([
    ["todos.audit", "ALLOWED"],
    ["todos.update", "FIELD_RULE"],
  ])("that was given %s is told %s of a field that its owner may read", async (feature, reason) => {
    const given = ["todos.read", feature].map((code) => [code, "tenant/acme"] as const);
    const { explainField } = dataOf(await withKey("erin@acme.test", given, field(milk)));
    expect(explainField.read).toMatchObject({ allowed: reason === "ALLOWED", because: { reason, chain: [] } });
  });
});

describe("somebody who acts as another", () => {
  const acting = async (query: string) =>
    dataOf(await gateway.ask("bob@acme.test", query, {}, { "x-act-as": jane, "x-tenant": "acme" }));

  it("is told of a row what both may do", async () => {
    const arrange = arranger(database);
    await arrange.grant({ user: "bob@acme.test", feature: "iam.impersonate", scope: "tenant/acme" });
    expect((await acting(row(milk, "UPDATE"))).explainRow).toMatchObject({ allowed: true, chain: [] });
    expect((await acting(row(store, "READ"))).explainRow).toMatchObject({ visible: false, reason: "NOT_FOUND" });
    await arrange.grant({ user: "bob@acme.test", feature: "todos.read", scope: "campus/chicago" });
    for (const [command, allowed] of [
      ["READ", true],
      ["DELETE", false],
      ["SHARE", false],
    ] as const)
      expect((await acting(row(store, command))).explainRow).toMatchObject({ allowed, visible: true });
  });

  it("is told of a field what both may read", async () => {
    const arrange = arranger(database);
    await arrange.grant({ user: jane, feature: "todos.audit", scope: "tenant/acme" });
    const read = async () => (await acting(field(milk))).explainField.read;
    expect(await read()).toMatchObject({ allowed: false, because: { reason: "FIELD_RULE", chain: [] } });
    await arrange.grant({ user: "bob@acme.test", feature: "todos.audit", scope: "tenant/acme" });
    expect(await read()).toMatchObject({ allowed: true, because: { reason: "ALLOWED", chain: [] } });
  });

  it("is told that sharing a row takes both", async () => {
    const share = async (id: string) => (await acting(row(id, "SHARE"))).explainRow;
    expect(await share(store)).toMatchObject({ allowed: false, visible: true, reason: "NO_WAY" });
    await arranger(database).grant({ user: "bob@acme.test", feature: "todos.share", scope: "campus/chicago" });
    expect(await share(store)).toMatchObject({ allowed: true, reason: "ALLOWED", chain: [] });
  });
});
