/** Revocation: what was ended is gone for the next operation of every instance, whatever that had in hand before. */
import { type ChildProcess, fork } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createPool, type Pool } from "../../src/database/pool.js";
import { createSessions, type Sessions } from "../../src/database/session.js";
import { useTestDatabase } from "../support/database.js";
import { demoCaller } from "./demo-callers.js";
import type { Question, Reply } from "./revocation-worker.js";

const rounds = Number(process.env.PORTCULLIS_REVOCATIONS ?? 60);
const database = useTestDatabase();
let pool: Pool;
let sessions: Sessions;
let workers: readonly ChildProcess[] = [];
let questions = 0;

beforeAll(() => {
  pool = createPool({ url: database.url, size: 2, acquireTimeoutMillis: 10_000, prepare: true });
  sessions = createSessions(pool);
  const file = new URL("revocation-worker.ts", import.meta.url);
  workers = [1, 2, 3].map(() => fork(file, [database.url], { execArgv: ["--import", "tsx"] }));
});
afterAll(async () => {
  for (const worker of workers) worker.disconnect();
  await pool.close();
});

async function asAlice<Row extends Record<string, unknown>>(sql: string, ...parameters: readonly unknown[]) {
  const session = sessions.open(demoCaller("alice@acme.test"), {
    mode: "write",
    isSingleStatement: false,
    changesAuthority: true,
    requestId: "revocation",
  });
  const rows = await session.run<Row>({ sql, parameters });
  await session.commit();
  return rows;
}

function ask(worker: ChildProcess, sql: string): Promise<boolean | null> {
  const question: Question = { id: questions++, caller: demoCaller("bob@acme.test"), sql };
  return new Promise((resolve) => {
    const listen = (reply: Reply) => {
      if (reply.id !== question.id) return;
      worker.off("message", listen);
      resolve(reply.holds);
    };
    worker.on("message", listen);
    worker.send(question);
  });
}

const everywhere = (sql: string) => Promise.all(workers.flatMap((worker) => [ask(worker, sql), ask(worker, sql)]));
const all = (value: boolean | null) => workers.flatMap(() => [value, value]);

interface Way {
  readonly name: string;
  readonly holds: string;
  readonly after: boolean | null;
  give(): Promise<string>;
  end(given: string): Promise<unknown>;
}

const milk = "70d00000-0000-4000-8000-000000000002";
const ways: readonly Way[] = [
  {
    name: "a grant",
    holds: "select iam.can('todos.delete', 'tenant/acme') as holds",
    after: false,
    give: async () =>
      (
        await asAlice<{ id: string }>(
          `select iam.grant_feature('todos.delete', 'tenant/acme', "user" => 'bob@acme.test') as id`,
        )
      )[0]?.id ?? "",
    end: (id) => asAlice("select iam.revoke($1)", `Grant:${id}`),
  },
  {
    name: "a share",
    holds: `select exists (select from public.todos where id = '${milk}') as holds`,
    after: false,
    give: async () => {
      await asAlice(
        "insert into public.todo_shares (todo_id, user_id) select $1, id from iam.users where email = 'bob@acme.test'",
        milk,
      );
      return milk;
    },
    end: (id) => asAlice("delete from public.todo_shares where todo_id = $1", id),
  },
  {
    name: "an account",
    holds: "select iam.caller_id() is not null as holds",
    after: null,
    give: async () => {
      await asAlice("select iam.enable_user('bob@acme.test')");
      return "";
    },
    end: () => asAlice("select iam.disable_user('bob@acme.test')"),
  },
];

describe("what was ended", () => {
  it(`hides from the next operation of every process (${rounds} times)`, {
    timeout: rounds * 1_000 + 30_000,
  }, async () => {
    for (let round = 0; round < rounds; round += 1) {
      const way = ways[round % ways.length];
      if (way === undefined) continue;
      const given = await way.give();
      expect(await everywhere(way.holds), `${way.name} is held`).toEqual(all(true));
      await way.end(given);
      expect(await everywhere(way.holds), `${way.name} is stale`).toEqual(all(way.after));
      if (way.after === null) await way.give();
    }
  });
});
