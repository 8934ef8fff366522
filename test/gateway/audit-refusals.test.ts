/** In charge of what was not done: denials and failures leave an event although their transaction left nothing. */
import { describe, expect, it } from "vitest";
import { useAuditedGateway } from "../support/audited-gateway.js";

const gateway = useAuditedGateway();
const acme = "acacacac-0000-4000-8000-000000000001";
const bob = "00000000-0000-4000-8000-0000000000b0";

describe("a denied operation", () => {
  it("leaves an event that survives the rollback, and nothing that it did before", async () => {
    const query = `mutation Escalate($role: String!) {
      createTodo(input: { title: "gone with the rollback" }) { todo { title } }
      grantRole(input: { role: $role, scope: "tenant/acme", user: "bob@acme.test" }) { grant { id } }
    }`;
    const { body, requestId } = await gateway.ask("bob@acme.test", query, { variables: { role: "tenant_owner" } });
    expect([body.data, body.errors[0].extensions.code]).toEqual([null, "FORBIDDEN"]);
    const [event, ...others] = await gateway.eventsOf(requestId);
    expect(others).toEqual([]);
    expect(event).toMatchObject({ code: 50900, action: "operation_denied", outcome: "denied" });
    expect(event).toMatchObject({ tenant_id: acme, user_id: bob, actor_id: bob, ip_address: "127.0.0.1" });
    expect(event?.metadata).toMatchObject({
      operation: "Escalate",
      kind: "mutation",
      fields: ["createTodo", "grantRole"],
      errors: [{ code: "FORBIDDEN", path: ["grantRole"] }],
    });
    expect(event?.metadata.errors[0].reason).toBe(body.errors[0].extensions.reason);
    const { rowCount } = await gateway.database.owner.query(
      "select from public.todos where title = 'gone with the rollback'",
    );
    expect(rowCount).toBe(0);
  });

  it("leaves no variable, no title and no token in its event", async () => {
    const { requestId } = await gateway.ask(
      "bob@acme.test",
      'mutation M($s: String!) { createTodo(input: { title: "hunter-two" }) { todo { internalNote title } } t: createTodo(input: { title: $s }) { todo { id } } }',
      { variables: { s: "hunter-three" } },
    );
    const events = await gateway.eventsOf(requestId);
    expect(events).toHaveLength(1);
    expect(JSON.stringify(events)).not.toMatch(/hunter|eyJ|bob@acme/);
  });

  it("names the field and the feature of a field denied in a query that answers the rest", async () => {
    const query = "query Peek { todos { nodes { title internalNote } } }";
    const { body, requestId } = await gateway.ask("bob@acme.test", query);
    expect(body.data.todos.nodes.length).toBeGreaterThan(0);
    const [event] = await gateway.eventsOf(requestId);
    expect(event).toMatchObject({ code: 50900, metadata: { operation: "Peek", kind: "query", fields: ["todos"] } });
    expect(event?.metadata.errors[0]).toEqual({
      code: "FORBIDDEN",
      coordinate: "Todo.internalNote",
      requires: "todos.audit",
      path: body.errors[0].path,
    });
  });

  it("leaves an event without ids when the session was refused, with issuer and subject in their place", async () => {
    const asked = { headers: { "x-tenant": "acme" } };
    const { status, requestId } = await gateway.ask("mallory@nowhere.test", "{ todos { nodes { id } } }", asked);
    expect(status).toBe(403);
    const [event, ...others] = await gateway.eventsOf(requestId);
    expect(others).toEqual([]);
    expect(event).toMatchObject({ code: 50900, outcome: "denied", tenant_id: null, user_id: null, actor_id: null });
    expect(event?.metadata).toMatchObject({
      issuer: "portcullis-demo",
      subject: "mallory@nowhere.test",
      errors: [{ code: "FORBIDDEN", reason: 52108 }],
    });
  });

  it("leaves one for nobody in particular, without a subject", async () => {
    const { requestId } = await gateway.ask(null, "{ todos { nodes { id } } }");
    const [event] = await gateway.eventsOf(requestId);
    expect(event).toMatchObject({ code: 50900, user_id: null });
    expect(event?.metadata).not.toHaveProperty("subject");
  });

  it("leaves the first twenty of its errors, and their number", async () => {
    const aliases = Array.from({ length: 30 }, (_, index) => `a${index}: todos { nodes { internalNote } }`);
    const { body, requestId } = await gateway.ask("bob@acme.test", `{ ${aliases.join(" ")} }`);
    const [event] = await gateway.eventsOf(requestId);
    expect(event?.metadata.errors).toHaveLength(20);
    expect(event?.metadata.errorCount).toBe(body.errors.length);
  });
});

describe("a failed mutation", () => {
  it("leaves a failure event and no success event, also of what went well before", async () => {
    const create = (alias: string) => `${alias}: createGroup(input: { name: "Twins" }) { group { name } }`;
    const { body, requestId } = await gateway.ask(
      "alice@acme.test",
      `mutation Twice { ${create("a")} ${create("b")} }`,
    );
    expect([body.data, body.errors[0].extensions.code]).toEqual([null, "CONFLICT"]);
    const events = await gateway.eventsOf(requestId);
    expect(events.map(({ code, outcome }) => [code, outcome])).toEqual([[50901, "failure"]]);
    expect(events[0]?.metadata).toMatchObject({ fields: ["createGroup"], errors: [{ code: "CONFLICT", path: ["b"] }] });
  });

  it("counts what is not found as failed", async () => {
    const query = 'mutation { deleteTodo(input: { id: "Todo:00000000-0000-4000-8000-00000000dead" }) { id } }';
    const { body, requestId } = await gateway.ask("bob@acme.test", query);
    expect(body.errors[0].extensions.code).toBe("NOT_FOUND");
    expect(await gateway.eventsOf(requestId)).toMatchObject([
      { code: 50901, metadata: { errors: [{ code: "NOT_FOUND" }] } },
    ]);
  });

  it("counts a variable of the wrong type as failed, before any session was opened", async () => {
    const query = "mutation M($i: CreateTodoInput!) { createTodo(input: $i) { todo { id } } }";
    const { requestId } = await gateway.ask("bob@acme.test", query, { variables: { i: { title: 7 } } });
    expect(await gateway.eventsOf(requestId)).toMatchObject([
      { code: 50901, user_id: null, metadata: { subject: "bob@acme.test", errors: [{ code: "BAD_USER_INPUT" }] } },
    ]);
  });
});

describe("no event", () => {
  it.each([
    ["a query that reads", "bob@acme.test", "{ todos { nodes { title } } }"],
    ["a query that only fails", "bob@acme.test", '{ todo(id: "Todo:nope") { id } }'],
    ["a query that is not valid", "bob@acme.test", "{ nope }"],
  ])("is left by %s", async (_what, email, query) => {
    const { requestId } = await gateway.ask(email, query);
    expect(await gateway.eventsOf(requestId)).toEqual([]);
  });

  it("is left by a credential that is refused: it is logged, and costs no statement", async () => {
    const asked = { headers: { authorization: "Bearer a.b.c" } };
    const { status, requestId } = await gateway.ask(null, "{ todos { nodes { title } } }", asked);
    expect(status).toBe(401);
    expect(await gateway.eventsOf(requestId)).toEqual([]);
    expect(gateway.logged).toContainEqual(expect.objectContaining({ event: "credential_refused", requestId }));
  });
});
