/** In charge of what an event carries, who can't make one up, and who reads it. */
import { describe, expect, it } from "vitest";
import { createSessions } from "../../src/database/session.js";
import { useAuditedGateway } from "../support/audited-gateway.js";
import { sql } from "../support/sessions.js";

const gateway = useAuditedGateway();
const createGroup = (name: string) => `mutation { createGroup(input: { name: "${name}" }) { group { id } } }`;
const injection = '"}],"code":50101,"outcome":"success","metadata":{"by":"alice"}} \u00e9\t$1; \\u0000';

describe("a success event", () => {
  it("carries the address, the user agent and the request's id", async () => {
    const headers = { "user-agent": "auditor/1.0", "x-request-id": "asked-by-alice" };
    const { requestId } = await gateway.ask("alice@acme.test", createGroup("Facts"), { headers });
    expect(requestId).toBe("asked-by-alice");
    expect(await gateway.eventsOf(requestId)).toMatchObject([
      { code: 50201, outcome: "success", ip_address: "127.0.0.1", user_agent: "auditor/1.0" },
    ]);
  });

  it("keeps a user agent with JSON in it as one value, in a denial too", async () => {
    const headers = { "user-agent": injection };
    const created = await gateway.ask("alice@acme.test", createGroup("Injected"), { headers });
    const denied = await gateway.ask("bob@acme.test", "{ todos { nodes { internalNote } } }", { headers });
    const kept = injection.replace("\t", " ");
    expect(await gateway.eventsOf(created.requestId)).toMatchObject([{ code: 50201, user_agent: kept }]);
    expect(await gateway.eventsOf(denied.requestId)).toMatchObject([{ code: 50900, user_agent: kept }]);
  });

  it("keeps a user agent with lines in it as one line, and an address that is none away", async () => {
    const caller = {
      kind: "token",
      issuer: "portcullis-demo",
      subject: "alice@acme.test",
      tenant: null,
      actAs: null,
      expiresAt: 4_102_444_800,
    } as const;
    const session = createSessions(gateway.pool).open(caller, {
      mode: "write",
      isSingleStatement: false,
      changesAuthority: true,
      requestId: "lines",
      origin: {
        ip: "10.0.0.1'); drop table x; --",
        userAgent: `a\r\n{"event":"audit_sealed"}\u0000\u001b[2J${"x".repeat(999)}`,
      },
    });
    await session.run(sql("select iam.create_group('Lines')"));
    await session.commit();
    const [event] = await gateway.eventsOf("lines");
    expect(event).toMatchObject({ code: 50201, ip_address: null });
    expect(event?.user_agent).toMatch(/^a \{"event":"audit_sealed"\} \[2Jx+$/);
    expect(event?.user_agent).toHaveLength(512);
  });
});

describe("a session that could not be opened again", () => {
  it("denies knowing whom it was opened for", async () => {
    const caller = {
      kind: "token",
      issuer: "portcullis-demo",
      subject: "jane@acme.test",
      tenant: null,
      actAs: null,
    } as const;
    const session = createSessions(gateway.pool).open(
      { ...caller, expiresAt: 4_102_444_800 },
      { mode: "read", isSingleStatement: true, changesAuthority: false, requestId: "twice" },
    );
    await session.run(sql("select 1"));
    expect(session.openedFor?.userId).toBe("00000000-0000-4000-8000-000000000051");
    const { owner } = gateway.database;
    await owner.query("update iam.users set is_active = false where email = 'jane@acme.test'");
    await expect(session.run(sql("select 1"))).rejects.toMatchObject({ reason: 52105 });
    expect(session.openedFor).toBeNull();
    await session.rollback();
    await owner.query("update iam.users set is_active = true where email = 'jane@acme.test'");
  });
});

describe("a forged event", () => {
  it.each([
    ["a success", "select iam.record(50101, 'User', 'forged', null, '{}')"],
    ["an attempt", `select iam.record_attempts('[{"code":50900,"outcome":"denied"}]')`],
    ["a row", "insert into iam.audit_events (code, action, outcome) values (50101, 'user_created', 'success')"],
    ["a change", "update iam.audit_events set metadata = '{}'"],
    ["a gap", "delete from iam.audit_events"],
    ["a seal", "insert into iam.audit_seals (event_id, hash) values (gen_random_uuid(), '')"],
    ["a seal by the sealer", "select iam.seal_audit_events()"],
  ])("is denied to a caller: %s", async (_what, statement) => {
    const caller = {
      kind: "token",
      issuer: "portcullis-demo",
      subject: "alice@acme.test",
      tenant: null,
      actAs: null,
    } as const;
    const session = createSessions(gateway.pool).open(
      { ...caller, expiresAt: 4_102_444_800 },
      { mode: "write", isSingleStatement: false, changesAuthority: false, requestId: "forged" },
    );
    await expect(session.run(sql(statement))).rejects.toMatchObject({ code: "FORBIDDEN" });
    await session.rollback();
    expect(await gateway.eventsOf("forged")).toEqual([]);
  });

  it("is denied outside of the closed list, to the gateway itself too", async () => {
    const attempt = JSON.stringify([{ code: 50999, outcome: "success" }]);
    await expect(gateway.pool.query(sql("select iam.record_attempts($1::jsonb)", attempt))).rejects.toMatchObject({
      code: "BAD_USER_INPUT",
    });
  });
});

describe("the trail", () => {
  const query =
    "query Read($id: String!) { auditEvents(filter: { requestId: { eq: $id } }) { nodes { code outcome user { email } } } }";
  const readBy = async (email: string, id: string) =>
    (await gateway.ask(email, query, { variables: { id } })).body.data.auditEvents.nodes;

  it("allows an auditor to read what was denied, and who was", async () => {
    const { requestId } = await gateway.ask("bob@acme.test", "{ todos { nodes { internalNote } } }");
    await gateway.eventsOf(requestId);
    expect(await readBy("erin@acme.test", requestId)).toEqual([
      { code: 50900, outcome: "DENIED", user: { email: "bob@acme.test" } },
    ]);
  });

  it("hides it from whom it tells of, and from another tenant's owner", async () => {
    const { requestId } = await gateway.ask("bob@acme.test", "{ todos { nodes { internalNote } } }");
    await gateway.eventsOf(requestId);
    for (const email of ["bob@acme.test", "jane@acme.test", "carol@globex.test", "mallory@nowhere.test"])
      expect(await readBy(email, requestId)).toEqual([]);
  });
});
