/** In charge of a flood of refused requests: it costs what fits into the queue, and nobody else notices. */
import { expect, it } from "vitest";
import { useAuditedGateway } from "../support/audited-gateway.js";

const gateway = useAuditedGateway({ limit: 20 });

it("answers others while the audit can't be written, and counts what it dropped of the flood", async () => {
  const owner = await gateway.database.owner.connect();
  const first = await (async () => {
    try {
      await owner.query("begin; lock table iam.audit_events in exclusive mode");
      const flood = Array.from({ length: 200 }, () => gateway.ask(null, "{ todos { nodes { id } } }"));
      const denied = await Promise.all(flood);
      const { body } = await gateway.ask("bob@acme.test", "{ todos { nodes { title } } }");
      expect(body.data.todos.nodes.length).toBeGreaterThan(0);
      expect(denied.map(({ body }) => body.errors[0].extensions.code)).toEqual(denied.map(() => "FORBIDDEN"));
      expect(gateway.trail.lost).toBe(180);
      return denied[0]?.requestId ?? "";
    } finally {
      await owner.query("rollback");
      owner.release();
    }
  })();
  await gateway.eventsOf(first);
  const { rows } = await gateway.database.owner.query(
    "select count(*)::integer as kept from iam.audit_events where code = 50900",
  );
  expect(rows).toEqual([{ kept: 20 }]);
  const dropped = gateway.logged.flatMap((event) => (event.event === "audit_dropped" ? [event.count] : []));
  expect(dropped.reduce((sum, count) => sum + count, 0)).toBe(180);
});
