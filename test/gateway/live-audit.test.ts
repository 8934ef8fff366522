/** In charge of following the audit: every event that may be read, once and in order, whatever else is under way. */
import { afterEach, describe, expect, it, vi } from "vitest";
import type { EventStream } from "../support/event-stream.js";
import { useLiveGateway } from "../support/live-gateway.js";

const live = useLiveGateway();

const alice = "alice@acme.test";
const carol = "carol@globex.test";
const jane = "jane@acme.test";
const news = "subscription { auditEvents { nodes { id action resourceId metadata } } }";
const quietMillis = 1_500;

interface Node {
  readonly id: string;
  readonly action: string;
  readonly metadata: { readonly name?: string };
}

const streams: EventStream[] = [];
const follow = async (email: string, query = news): Promise<EventStream> => {
  const stream = await live.follow(email, query);
  streams.push(stream);
  return stream;
};
const take = async (stream: EventStream, count: number): Promise<readonly Node[]> => {
  const nodes: Node[] = [];
  while (nodes.length < count) {
    const { data, errors } = await stream.next();
    expect(errors).toBeUndefined();
    nodes.push(...data.auditEvents.nodes);
  }
  return nodes;
};
const createGroup = (by: string, name: string) =>
  live.ask(by, `mutation { createGroup(input: { name: "${name}" }) { group { id } } }`);
const write = (slug: string, action: string, count = 1) =>
  live.database.owner.query(
    `insert into iam.audit_events (tenant_id, code, action)
     select t.id, 50201, $2 || n from iam.tenants t, generate_series(1, $3) n where slug = $1 order by n`,
    [slug, action, count],
  );
const actionsOf = (nodes: readonly Node[]) => nodes.map(({ action }) => action);

afterEach(async () => {
  for (const stream of streams.splice(0)) stream.hangUp();
  await vi.waitFor(() => expect(live.subscriptions.count).toBe(0), { timeout: 10_000 });
});

describe("a subscriber to the audit", () => {
  it("is told what happens from now on, and nothing of before", async () => {
    await createGroup(alice, "Before");
    const stream = await follow(alice);
    await createGroup(alice, "One");
    await createGroup(alice, "Two");
    expect(actionsOf(await take(stream, 2))).toEqual(["group_created", "group_created"]);
    expect(await stream.isSilent(quietMillis)).toBe(true);
  });

  it("is told nothing of before, though an older transaction was under way", async () => {
    const older = await live.database.owner.connect();
    try {
      await older.query("begin; select pg_current_xact_id()");
      await createGroup(alice, "Before that");
      const stream = await follow(alice);
      await live.ask(alice, 'mutation { lockGroup(input: { group: "Before that" }) { group { id } } }');
      await older.query("commit");
      expect(actionsOf(await take(stream, 1))).toEqual(["group_locked"]);
      expect(await stream.isSilent(quietMillis)).toBe(true);
    } finally {
      older.release(true);
    }
  });

  it("is told nothing of another tenant, and nothing at all without iam.audit.read", async () => {
    const [ofAcme, ofGlobex, withoutRight] = [await follow(alice), await follow(carol), await follow(jane)];
    await createGroup(carol, "Council");
    expect(actionsOf(await take(ofGlobex, 1))).toEqual(["group_created"]);
    expect(await ofAcme.isSilent(quietMillis)).toBe(true);
    await createGroup(alice, "Three");
    await take(ofAcme, 1);
    expect(await withoutRight.isSilent(quietMillis)).toBe(true);
  });

  it("is told more than one page of them, each once and in order", async () => {
    const stream = await follow(alice);
    await write("acme", "many", 130);
    const nodes = await take(stream, 130);
    expect(actionsOf(nodes)).toEqual(Array.from({ length: 130 }, (_, index) => `many${index + 1}`));
    expect(await stream.isSilent(quietMillis)).toBe(true);
  });

  it("goes on behind the last event it knows, with what came while it was away", async () => {
    const stream = await follow(alice);
    await write("acme", "known");
    const [known] = await take(stream, 1);
    stream.hangUp();
    await write("acme", "missed", 60);
    const again = await follow(alice, news.replace("auditEvents", `auditEvents(after: "${known?.id}")`));
    await write("acme", "new");
    const nodes = await take(again, 61);
    expect(actionsOf(nodes)).toEqual([...Array.from({ length: 60 }, (_, index) => `missed${index + 1}`), "new1"]);
  });

  it("is refused to go on behind an event that is not there for him, and behind what is none", async () => {
    const { rows } = await live.database.owner.query(
      "select e.id from iam.audit_events e join iam.tenants t on t.id = e.tenant_id where t.slug = 'globex' limit 1",
    );
    const answers = [];
    for (const id of [`AuditEvent:${rows[0].id}`, "AuditEvent:99999999-9999-4999-8999-999999999999", "nothing"]) {
      const stream = await follow(alice, news.replace("auditEvents", `auditEvents(after: "${id}")`));
      answers.push({ status: stream.status, ...(await stream.next()) });
      expect(await stream.next()).toBeNull();
    }
    const [theirs, nobodys, nothing] = answers;
    expect(theirs).toEqual(nobodys);
    expect(theirs.errors[0].extensions).toEqual({ code: "NOT_FOUND" });
    expect(nothing.errors[0].extensions).toEqual({ code: "BAD_USER_INPUT" });
  });

  it("waits for a transaction that began earlier, and then misses nothing of it", async () => {
    const stream = await follow(alice);
    const slow = await live.database.owner.connect();
    await slow.query("begin");
    await slow.query(
      "insert into iam.audit_events (tenant_id, code, action) select id, 50201, 'slow' from iam.tenants where slug = 'acme'",
    );
    await write("acme", "quick");
    expect(await stream.isSilent(quietMillis)).toBe(true);
    await slow.query("commit");
    slow.release();
    expect(actionsOf(await take(stream, 2))).toEqual(["slow", "quick1"]);
  });

  it("is told no more when he has lost the right, and his stream goes on", async () => {
    const erin = "erin@acme.test";
    const stream = await follow(erin);
    await write("acme", "seen");
    expect(actionsOf(await take(stream, 1))).toEqual(["seen1"]);
    await live.database.owner.query(
      "delete from iam.grants where user_id = (select id from iam.users where email = $1)",
      [erin],
    );
    await write("acme", "unseen");
    expect(await stream.isSilent(quietMillis)).toBe(true);
  });
});
