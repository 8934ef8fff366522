/** In charge of reads that are events themselves: which list was read, by whom, and only when it was. */
import { describe, expect, it } from "vitest";
import { auditEvents } from "../../src/audit/events.js";
import { useAuditedGateway } from "../support/audited-gateway.js";

const gateway = useAuditedGateway();
const office = "Group:60000000-0000-4000-8000-000000000001";
const alice = "alice@acme.test";

async function readsOf(query: string, variables: Readonly<Record<string, unknown>> = {}, email = alice) {
  const { requestId } = await gateway.ask(email, query, { variables, headers: { "x-tenant": "acme" } });
  const events = await gateway.eventsOf(requestId);
  return events
    .map(({ code, outcome, metadata }) => [code, outcome, ...(metadata.coordinates ?? [])])
    .sort(([a], [b]) => Number(a) - Number(b));
}

describe("an audited read", () => {
  it.each([
    ["{ groups { nodes { name } } }", [[50211, "success", "Query.groups"]]],
    [`{ group(id: "${office}") { name } }`, [[50211, "success", "Query.group"]]],
    [
      "{ groups { nodes { members { nodes { email } } } } }",
      [
        [50210, "success", "Group.members"],
        [50211, "success", "Query.groups"],
      ],
    ],
    ["{ tenants { nodes { members { totalCount } } } }", [[50005, "success", "Tenant.members"]]],
    ["{ tenants { nodes { groups { nodes { name } } } } }", [[50006, "success", "Tenant.groups"]]],
  ])("leaves one event for each code: %s", async (query, expected) => {
    expect(await readsOf(query)).toEqual(expected);
  });

  it("leaves one where the platform's administrator reads whom a provider knows", async () => {
    const query = "{ providers { nodes { users { nodes { email } } } } }";
    expect(await readsOf(query, {}, "ada@portcullis.test")).toEqual([[50016, "success", "Provider.users"]]);
  });

  it("leaves an event by whatever way it is come to: aliases, fragments, a global id", async () => {
    const named = `query($id: ID!) { x: node(id: $id) { ...G } } fragment G on Group { y: members { z: totalCount } }`;
    expect(await readsOf(named, { id: office })).toEqual([
      [50210, "success", "Group.members"],
      [50211, "success", "Query.node"],
    ]);
    const several = `{ nodes(ids: ["${office}"]) { ... on Node { ... on Group { name } } } }`;
    expect(await readsOf(several)).toEqual([[50211, "success", "Query.nodes"]]);
    const nested = `mutation { createGroup(input: { name: "Read back" }) { group { members { totalCount } } } }`;
    expect(await readsOf(nested)).toEqual([
      [50201, "success"],
      [50210, "success", "Group.members"],
    ]);
  });

  it("leaves the event of a list of which another part was denied", async () => {
    const query = "{ groups { nodes { name } } todos { nodes { internalNote } } }";
    expect(await readsOf(query, {}, "bob@acme.test")).toEqual([
      [50211, "success", "Query.groups"],
      [50900, "denied"],
    ]);
  });
});

describe("no event of a read", () => {
  const hidden = "Group:60000000-0000-4000-8000-000000000003";
  it.each([
    ["hung on a row that the caller may not see", "{ providers { nodes { users { nodes { email } } } } }"],
    ["was skipped", "query($yes: Boolean = true) { viewer { kind } groups @skip(if: $yes) { nodes { name } } }"],
    [
      "was in a fragment left out",
      "{ viewer { kind } ...G @include(if: false) } fragment G on Query { groups { nodes { name } } }",
    ],
    ["found nothing that the caller may see", `{ group(id: "${hidden}") { members { totalCount } } }`],
    ["met another type", '{ node(id: "Todo:70d00000-0000-4000-8000-000000000001") { ... on Group { name } } }'],
    ["is in an operation that was not run", "query A { viewer { kind } }"],
  ])("is left where it %s", async (_where, query) => {
    expect(await readsOf(query)).toEqual([]);
  });

  it("is left where the operation was rolled back with it", async () => {
    const query = `mutation {
      a: createGroup(input: { name: "Undone" }) { group { members { totalCount } } }
      b: createGroup(input: { name: "Undone" }) { group { members { totalCount } } }
    }`;
    expect(await readsOf(query)).toEqual([[50901, "failure"]]);
  });

  it("is left by an operation because another one of the same text reads", async () => {
    const text = "query A { groups { nodes { name } } } query B { groups: todos { nodes { title } } }";
    const ask = async (operationName: string) => {
      const { requestId } = await gateway.ask(alice, text, { operationName });
      return (await gateway.eventsOf(requestId)).length;
    };
    expect([await ask("A"), await ask("B"), await ask("A")]).toEqual([1, 0, 1]);
  });
});

describe("the closed list", () => {
  it("reads the same in the gateway as in the database", async () => {
    const { rows } = await gateway.database.owner.query(
      "select coalesce(json_object_agg(iam.event_name(code), code), '{}') as names from unnest($1::integer[]) code",
      [Object.values(auditEvents)],
    );
    expect(rows[0].names).toEqual(auditEvents);
  });
});
