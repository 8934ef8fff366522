/** In charge of the queue in front of the audit: what it writes when, what it drops, and that it says so. */
import { describe, expect, it, vi } from "vitest";
import { createAuditTrail } from "../../src/audit/audit-trail.js";
import type { AuditRecord } from "../../src/audit/events.js";
import { startSealing } from "../../src/audit/seal.js";
import { GatewayError } from "../../src/errors.js";
import type { LogEvent } from "../../src/observe/log.js";

const unavailable = new GatewayError("UNAVAILABLE", "The database can't be reached.");
const refused = new GatewayError("BAD_USER_INPUT", "Not a value.");

function event(request_id: string): AuditRecord {
  const nobody = { tenant_id: null, actor_id: null, user_id: null, ip_address: null, user_agent: null };
  return { code: 50900, outcome: "denied", ...nobody, request_id, metadata: {}, created_at: "2026-01-01T00:00:00Z" };
}

/** A trail whose writes are kept, and go through when `gate` is open. */
function trailWith({ limit = 10, failures = [] as unknown[], poison = "" } = {}) {
  const written: string[][] = [];
  const logged: LogEvent[] = [];
  const gate: { open: () => void; wait: Promise<void> | null } = { open: () => undefined, wait: null };
  const shut = () => {
    gate.wait = new Promise((resolve) => {
      gate.open = resolve;
    });
  };
  const write = async (events: readonly AuditRecord[]) => {
    await gate.wait;
    const failure = failures.shift();
    if (failure !== undefined) throw failure;
    const ids = events.map(({ request_id }) => request_id);
    if (ids.includes(poison)) throw refused;
    written.push(ids);
  };
  const log = { write: (one: LogEvent) => void logged.push(one) };
  const trail = createAuditTrail({ write, log, limit, batchSize: 3, retryMillis: 5 });
  const record = (...ids: readonly string[]) => {
    for (const id of ids) trail.record(event(id));
  };
  return { trail, record, written, logged, gate, shut };
}

describe("the audit trail", () => {
  it("writes in order, in batches, while nobody waits", async () => {
    const { trail, record, written } = trailWith();
    expect(record("1", "2", "3", "4", "5")).toBeUndefined();
    await trail.stop();
    expect(written.flat()).toEqual(["1", "2", "3", "4", "5"]);
    expect(Math.max(...written.map(({ length }) => length))).toBe(3);
    expect(trail.lost).toBe(0);
  });

  it("drops what is beyond its limit, counts it, and logs a flood as one line", async () => {
    const { trail, record, written, logged, gate, shut } = trailWith({ limit: 4 });
    shut();
    record(...Array.from({ length: 1_000 }, (_, index) => String(index)));
    expect(trail.lost).toBe(996);
    gate.open();
    await trail.stop();
    expect(written.flat()).toEqual(["0", "1", "2", "3"]);
    expect(logged).toEqual([{ event: "audit_dropped", count: 996 }]);
  });

  it("writes again after a failure that passes, each event once", async () => {
    const { trail, record, written, logged } = trailWith({ failures: [unavailable, unavailable] });
    record("1", "2");
    await vi.waitFor(() => expect(written.flat()).toEqual(["1", "2"]));
    expect(logged).toHaveLength(2);
    expect(logged[0]).toMatchObject({ event: "audit_not_written", isLost: false });
    expect(trail.lost).toBe(0);
    await trail.stop();
  });

  it("loses only the event that the database refuses, and says so", async () => {
    const { trail, record, written, logged } = trailWith({ poison: "2" });
    record("1", "2", "3", "4");
    await trail.stop();
    expect(written.flat()).toEqual(["1", "3", "4"]);
    expect(trail.lost).toBe(1);
    expect(logged).toEqual([{ event: "audit_not_written", count: 1, isLost: true, error: refused }]);
  });

  it("writes what waits before it stops, also when the write under way fails", async () => {
    const { trail, record, written } = trailWith({ failures: [unavailable, unavailable] });
    record("1");
    await trail.stop();
    expect(written.flat()).toEqual(["1"]);
  });

  it("ends although nothing can be written, and says what is lost", async () => {
    const { trail, record, logged, shut } = trailWith();
    shut();
    record("1", "2");
    await trail.stop(20);
    expect(trail.lost).toBe(2);
    expect(logged).toMatchObject([{ event: "audit_not_written", count: 2, isLost: true }]);
  });

  it("drops, counts and logs what comes after its end", async () => {
    const { trail, record, written, logged } = trailWith();
    await trail.stop();
    record("late");
    expect([trail.lost, written]).toEqual([1, []]);
    expect(logged).toEqual([{ event: "audit_dropped", count: 1 }]);
  });
});

describe("sealing", () => {
  function sealing(answers: (number | Error)[]) {
    const logged: LogEvent[] = [];
    let calls = 0;
    const seal = async () => {
      calls += 1;
      const next = answers.shift() ?? 0;
      if (next instanceof Error) throw next;
      return { sealed: next, head: next === 0 ? null : `head-${calls}` };
    };
    const stop = startSealing({ seal, log: { write: (one) => void logged.push(one) }, everyMillis: 5 });
    return { logged, stop, calls: () => calls };
  }

  it("logs the head whenever it moves, and goes on at once while there is more", async () => {
    const { logged, stop, calls } = sealing([0, 1_000, 7]);
    await vi.waitFor(() => expect(calls()).toBeGreaterThan(4));
    await stop();
    expect(logged).toEqual([
      { event: "audit_sealed", count: 1_000, head: "head-2" },
      { event: "audit_sealed", count: 7, head: "head-3" },
    ]);
  });

  it("survives a failure, logs it, and seals the next time", async () => {
    const { logged, stop } = sealing([unavailable, 1]);
    await vi.waitFor(() => expect(logged).toHaveLength(2));
    await stop();
    expect(logged).toMatchObject([{ event: "audit_not_sealed", error: unavailable }, { event: "audit_sealed" }]);
  });

  it("ends with the server", async () => {
    const { stop, calls } = sealing([]);
    await stop();
    const before = calls();
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(calls()).toBe(before);
  });
});
