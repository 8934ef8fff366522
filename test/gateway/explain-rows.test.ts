/** In charge of what GraphQL says about single rows and their fields: why, which policy, and nothing that tells hidden from absent. */
import { beforeAll, describe, expect, it } from "vitest";
import { arranger } from "../support/arrange.js";
import { asking } from "../support/asking.js";
import { useWorld, type Who } from "../support/world.js";

const world = useWorld();
const { reads, refuses } = asking(world);

const milk = "Todo:70d00000-0000-4000-8000-000000000001"; // alice's, shared with the office for writing
const plants = "Todo:70d00000-0000-4000-8000-000000000003"; // bob's own
const store = "Todo:70d00000-0000-4000-8000-000000000004"; // jane's, at campus/chicago
const foreign = "Todo:70d00000-0000-4000-8000-000000000005"; // globex'
const absent = "Todo:70d00000-0000-4000-8000-00000000ffff";

const rowQuery = `query Row($id: ID!, $command: RowCommand!, $user: String) {
  explainRow(id: $id, command: $command, user: $user) { allowed exists visible reason policy chain { kind label id } } }`;
const explainRow = async (who: Who, id: string, command: string, user?: string) =>
  (await reads(who, rowQuery, { id, command, user })).explainRow;

beforeAll(async () => {
  await arranger(world.database).grant({ user: "bob@acme.test", feature: "todos.audit", scope: "campus/chicago" });
});

describe("explainRow", () => {
  it("reads by which way and which policy a row is open", async () => {
    expect(await explainRow("erin", milk, "UPDATE", "bob@acme.test")).toEqual({
      allowed: true,
      exists: true,
      visible: true,
      reason: "ALLOWED",
      policy: "todos_update_user",
      chain: [
        { kind: "USER", label: "bob@acme.test", id: "User:00000000-0000-4000-8000-0000000000b0" },
        { kind: "GROUP", label: "Office", id: "Group:60000000-0000-4000-8000-000000000001" },
        { kind: "ROW", label: "share", id: null },
      ],
    });
  });

  it("reads which policy hides it, for who holds iam.explain", async () => {
    expect(await explainRow("erin", plants, "READ", "jane@acme.test")).toMatchObject({
      allowed: false,
      exists: true,
      visible: false,
      reason: "ROW_HIDDEN",
      policy: "todos_select_user",
    });
    expect(await explainRow("erin", absent, "READ", "jane@acme.test")).toMatchObject({
      exists: false,
      reason: "ROW_ABSENT",
      policy: null,
    });
  });

  it.each(["READ", "UPDATE", "DELETE", "SHARE"])(
    "answers %s of hidden, foreign and absent rows byte for byte alike, about oneself and about others",
    async (command) => {
      for (const user of [undefined, "jane@acme.test", "bob@acme.test", "nobody@acme.test"]) {
        const answers = await Promise.all(
          [plants, foreign, absent].map(async (id) => {
            const { status, body } = await world.as("jane", rowQuery, { id, command, user });
            return `${status} ${JSON.stringify(body)}`.replace(/"requestId":"[^"]*"/, "");
          }),
        );
        expect(new Set(answers).size, answers.join("\n")).toBe(1);
      }
    },
  );

  it("rejects types whose rows are not explained, and what is no id", async () => {
    for (const id of ["User:00000000-0000-4000-8000-0000000000b0", "Nothing:00000000-0000-4000-8000-0000000000b0", "x"])
      expect((await refuses("erin", rowQuery, { id, command: "READ" })).code).toBe("BAD_USER_INPUT");
  });

  it("denies everything to the anonymous", async () => {
    expect((await refuses(null, rowQuery, { id: milk, command: "READ" })).code).toBe("FORBIDDEN");
  });
});

describe("explainField", () => {
  const query = `query Field($type: String!, $field: String!, $id: ID!, $user: String) {
    explainField(type: $type, field: $field, id: $id, user: $user) {
      read { allowed requires because { reason visible chain { label } } } write { allowed because { reason } } } }`;
  const explainField = async (who: Who, field: string, id: string, user?: string) =>
    (await reads(who, query, { type: "Todo", field, id, user })).explainField;

  it("reads what the rule requires, and why somebody may use the field or not", async () => {
    expect(await explainField("erin", "internalNote", milk, "erin@acme.test")).toMatchObject({
      read: { allowed: true, requires: "todos.audit", because: { reason: "ALLOWED" } },
      write: { allowed: false, because: { reason: "NO_WAY" } },
    });
    const { read, write } = await explainField("erin", "internalNote", milk, "bob@acme.test");
    expect(read).toMatchObject({ allowed: false, because: { reason: "FIELD_RULE", visible: true, chain: [] } });
    expect(write).toMatchObject({ allowed: false, because: { reason: "FIELD_RULE" } });
    expect(await explainField("erin", "title", milk, "bob@acme.test")).toMatchObject({
      read: { allowed: true, requires: null },
      write: { allowed: true },
    });
  });

  it("reads no way to write what no edit takes", async () => {
    expect((await explainField("bob", "createdAt", milk)).write).toBeNull();
  });

  it("agrees with what is then read", async () => {
    for (const who of ["alice", "bob", "jane", "erin"] as const)
      for (const id of [milk, plants, store]) {
        const { body } = await world.as(who, "query ($id: ID!) { todo(id: $id) { id internalNote } }", { id });
        const isRead = body.data.todo != null && body.errors === undefined;
        expect((await explainField(who, "internalNote", id)).read.allowed, `${who} ${id}`).toBe(isRead);
      }
  });

  it("rejects fields that there are not, and rows of another type", async () => {
    for (const given of [{ field: "nothing" }, { type: "Chat" }])
      expect((await refuses("erin", query, { type: "Todo", field: "title", id: milk, ...given })).code).toBe(
        "BAD_USER_INPUT",
      );
  });

  it("hides which rows are there", async () => {
    const answers = await Promise.all(
      [plants, foreign, absent].map(async (id) => JSON.stringify(await explainField("jane", "internalNote", id))),
    );
    expect(new Set(answers).size).toBe(1);
  });
});
