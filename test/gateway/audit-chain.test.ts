/** In charge of the chain over the events: sealed once by however many gateways, and broken by every change. */
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { sealEvents } from "../../src/audit/audit-database.js";
import { verifyEvents } from "../../src/audit/verify.js";
import { verifyAudit } from "../../src/cli/verify-audit.js";
import { readConfig } from "../../src/config.js";
import { createPool } from "../../src/database/pool.js";
import { StartupError } from "../../src/errors.js";
import { useAuditedGateway } from "../support/audited-gateway.js";

const gateway = useAuditedGateway();
const chain = `
  select s.position, e.id, e.transaction, e.number from iam.audit_seals s join iam.audit_events e on e.id = s.event_id order by s.position`;

async function writeEvents(count: number): Promise<void> {
  const requests = Array.from({ length: count }, () =>
    gateway.ask("bob@acme.test", "{ todos { nodes { internalNote } } }"),
  );
  const [first] = await Promise.all(requests);
  await gateway.eventsOf(first?.requestId ?? "");
}

/** Does what only somebody with the cluster in his hands can do, looks, and puts everything back. */
async function whileTampered(statement: string, parameters: readonly unknown[], look: () => Promise<void>) {
  const { owner } = gateway.database;
  const tamper = async (text: string, values: readonly unknown[] = []) => {
    const client = await owner.connect();
    await client.query("set session_replication_role = replica");
    await client.query(text, [...values]);
    await client.query("reset session_replication_role");
    client.release();
  };
  await tamper("create table public.kept as select * from iam.audit_events");
  try {
    await tamper(statement, parameters);
    await look();
  } finally {
    await tamper("delete from iam.audit_events");
    await tamper("insert into iam.audit_events select * from public.kept");
    await tamper("drop table public.kept");
  }
}

beforeAll(async () => {
  await writeEvents(6);
});

// A transaction that runs anywhere in the cluster, in another test's database too, holds back what is younger than it.
async function sealTheRest(pool: Parameters<typeof sealEvents>[0]) {
  const count =
    "select count(*)::integer as unsealed from iam.audit_events e where not exists (select from iam.audit_seals s where s.event_id = e.id)";
  for (let sealed = 0; ; await sleep(50)) {
    const step = await sealEvents(pool);
    sealed += step.sealed;
    const { rows } = await gateway.database.owner.query<{ unsealed: number }>(count);
    if (rows[0]?.unsealed === 0) return { ...step, sealed };
  }
}

describe("sealing", () => {
  it("makes one chain of what two gateways seal at once while events are written", async () => {
    const other = createPool({ url: gateway.database.url, size: 2, acquireTimeoutMillis: 5_000, prepare: true });
    let isWriting = true;
    const seal = async (pool: Parameters<typeof sealEvents>[0]) => {
      let sealed = 0;
      while (isWriting) sealed += (await sealEvents(pool)).sealed;
      return sealed;
    };
    const sealers = [seal(gateway.pool), seal(other)];
    for (let round = 0; round < 5; round++) await writeEvents(10);
    isWriting = false;
    const sealed = (await Promise.all(sealers)).reduce((sum, count) => sum + count, 0);
    const rest = await sealTheRest(other);
    await other.close();
    const { rows } = await gateway.database.owner.query(chain);
    expect(rows).toHaveLength(sealed + rest.sealed);
    const { rows: all } = await gateway.database.owner.query(
      "select count(*)::integer as events from iam.audit_events",
    );
    expect(all).toEqual([{ events: rows.length }]);
    expect(await verifyEvents(gateway.database.url)).toEqual({ brokenAt: null, head: rest.head });
  });
});

describe("a gateway that meets another one sealing", () => {
  it("leaves it to that one, without waiting and without an error", async () => {
    await writeEvents(3);
    const other = await gateway.database.owner.connect();
    await other.query("begin");
    const { rows } = await other.query("select sealed from iam.seal_audit_events()");
    expect(rows[0].sealed).toBeGreaterThan(0);
    expect(await sealEvents(gateway.pool)).toMatchObject({ sealed: 0 });
    await other.query("commit");
    other.release();
    expect(await verifyEvents(gateway.database.url)).toMatchObject({ brokenAt: null });
  });
});

describe("verifying", () => {
  const broken = async (index: number) => {
    const { rows } = await gateway.database.owner.query(chain);
    return rows[index].id as string;
  };

  it.each([
    ["changed", "update iam.audit_events set metadata = '{}' where id = $1", 2],
    [
      "changed by its moment alone",
      "update iam.audit_events set created_at = created_at + interval '1 microsecond' where id = $1",
      3,
    ],
    ["deleted", "delete from iam.audit_events where id = $1", 4],
    ["deleted as the first", "delete from iam.audit_events where id = $1", 0],
  ])("names the event that was %s", async (_how, statement, index) => {
    const id = await broken(index);
    await whileTampered(statement, [id], async () => {
      expect(await verifyEvents(gateway.database.url)).toMatchObject({ brokenAt: id });
    });
    expect(await verifyEvents(gateway.database.url)).toMatchObject({ brokenAt: null });
  });

  it("names the first of two events that were swapped", async () => {
    const [one, other] = [await broken(1), await broken(3)];
    const swap = `
      update iam.audit_events e set metadata = o.metadata, request_id = o.request_id, created_at = o.created_at
      from iam.audit_events o
      where (e.id, o.id) in (($1, $2), ($2, $1))`;
    await whileTampered(swap, [one, other], async () => {
      expect(await verifyEvents(gateway.database.url)).toMatchObject({ brokenAt: one });
    });
  });
});

describe("portcullis verify-audit", () => {
  const config = () => readConfig({ DATABASE_URL: gateway.database.url });

  it("refuses a broken chain by the event's name", async () => {
    const { rows } = await gateway.database.owner.query(chain);
    const id: string = rows[2].id;
    await whileTampered("update iam.audit_events set outcome = 'success' where id = $1", [id], async () => {
      const refusal = await verifyAudit(config()).catch((error: unknown) => error);
      expect(refusal).toBeInstanceOf(StartupError);
      expect(refusal).toMatchObject({ message: expect.stringContaining(id) });
    });
    await expect(verifyAudit(config())).resolves.toBeUndefined();
  });
});
