/** In charge of the parts of a transaction that can fail alone: who is inside which savepoint, and who waits for it. */
import { AsyncLocalStorage } from "node:async_hooks";
import { GatewayError } from "../errors.js";
import type { Answer, Statement } from "./pipeline.js";
import type { Scope } from "./scope.js";
import type { Transaction } from "./transaction.js";

interface Inside {
  readonly transaction: Transaction;
  readonly scope: Scope;
}

const inside = new AsyncLocalStorage<Inside>();

/** The innermost savepoint that this piece of code runs in, or the whole transaction. */
export function currentScope(transaction: Transaction): Scope {
  const found = inside.getStore();
  return found?.transaction === transaction ? found.scope : transaction.root;
}

/** Runs a statement in a scope once no savepoint is open inside it: what stands outside of a savepoint is not undone with it. */
export async function runInScope(transaction: Transaction, scope: Scope, statement: Statement): Promise<Answer> {
  while (scope.child !== null) await scope.child;
  return transaction.run(statement, scope);
}

/** Runs `work` in a savepoint: what it did is undone when it rejects, or when a statement in it failed. One after the other. */
export async function runInSavepoint<T>(transaction: Transaction, work: () => Promise<T>): Promise<T> {
  const parent = currentScope(transaction);
  while (parent.child !== null) await parent.child;
  const scope: Scope = { parent, child: null, failure: null };
  const statements = savepointStatements(depthOf(scope));
  let end = (): void => {};
  parent.child = new Promise((resolve) => {
    end = resolve;
  });
  try {
    const opened = transaction.run(statements.begin, parent);
    const [result] = await Promise.all([inside.run({ transaction, scope }, async () => work()), opened]);
    await transaction.settled();
    if (scope.failure !== null) throw scope.failure;
    await transaction.run(statements.release, parent);
    return result;
  } catch (error) {
    // Not in one write with what failed: PostgreSQL skips everything up to the Sync.
    await transaction.settled();
    await Promise.allSettled([transaction.run(statements.undo, parent), transaction.run(statements.release, parent)]);
    throw error;
  } finally {
    scope.failure ??= new GatewayError("INTERNAL_SERVER_ERROR", "The savepoint is over.");
    parent.child = null;
    end();
  }
}

// Named by depth, not by number: the texts stay few, and so do the prepared statements.
function savepointStatements(depth: number): Readonly<Record<"begin" | "release" | "undo", Statement>> {
  return {
    begin: { sql: `savepoint item_${depth}`, parameters: [] },
    release: { sql: `release savepoint item_${depth}`, parameters: [] },
    undo: { sql: `rollback to savepoint item_${depth}`, parameters: [] },
  };
}

function depthOf(scope: Scope): number {
  return scope.parent === null ? 0 : 1 + depthOf(scope.parent);
}
