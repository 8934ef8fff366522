/** In charge of sending several statements to PostgreSQL in one write with one Sync, and of telling each its own outcome. */
import type { EventEmitter } from "node:events";
import type { Connection, Submittable } from "pg";
import type { WireValue } from "./parameters.js";
import type { Column, PreparedStatement, PreparedStatements } from "./prepared-statements.js";

/** A statement with its parameters `$1, $2, …`; a query compiled by Kysely fits. */
export interface Statement {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

/** A statement ready to be sent. */
export interface PipelineItem {
  readonly sql: string;
  readonly values: readonly WireValue[];
}

/** What PostgreSQL answered to one statement, in its text form. */
export interface Answer {
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly (string | null)[])[];
  /** The command tag, e.g. `SELECT 3` or `COMMIT`. */
  readonly tag: string;
}

/** How one statement ended. `isSkipped`: it never ran, because the one that `error` tells of failed before it. */
export type Outcome =
  | { readonly isOk: true; readonly answer: Answer }
  | { readonly isOk: false; readonly error: unknown; readonly isSkipped: boolean };

/** How the whole write ended. `isLost`: the connection broke, so what ran and what did not is unknown. */
export interface PipelineResult {
  readonly outcomes: readonly Outcome[];
  readonly isLost: boolean;
}

// The part of node-postgres' connection that a Submittable uses; its published types ask for arguments that it ignores.
interface Wire extends EventEmitter {
  readonly stream: { cork(): void; uncork(): void };
  parse(message: { readonly name: string; readonly text: string }): void;
  bind(message: { readonly statement: string; readonly values: readonly WireValue[] }): void;
  describe(message: { readonly type: "P" }): void;
  execute(message: null): void;
  close(message: { readonly type: "S"; readonly name: string }): void;
  sync(): void;
  sendCopyFail(reason: string): void;
}

/**
 * Whether sending the same once more may help, to whoever knows that nothing of it holds: the connection had gone unseen, a
 * prepared statement was stale, or somebody else was faster.
 */
export function isWorthRepeating({ outcomes, isLost }: PipelineResult): boolean {
  if (isLost) return !outcomes.some((outcome) => outcome.isOk);
  return outcomes.some((outcome) => !outcome.isOk && !outcome.isSkipped && hasState(outcome.error, repeatableStates));
}

const noColumns: readonly Column[] = [];

// Stale statements: dropped by DISCARD or a pooler, or planned for columns that have changed since.
const staleStatementStates = new Set(["26000", "0A000", "42P05"]);
const repeatableStates = new Set([...staleStatementStates, "40001", "40P01"]);

/** One write: Parse, Bind and Execute of every item, then a single Sync. Give it to `client.query`, then await `result`. */
export class Pipeline implements Submittable {
  /** Never rejects: every item has its outcome in it. */
  readonly result: Promise<PipelineResult>;
  readonly #items: readonly PipelineItem[];
  readonly #prepared: PreparedStatements;
  readonly #outcomes: Outcome[] = [];
  readonly #sent: { readonly statement: PreparedStatement; readonly isNew: boolean }[] = [];
  #columns: readonly Column[] = noColumns;
  #rows: (readonly (string | null)[])[] = [];
  #settle: (result: PipelineResult) => void = () => {};
  #isAnswered = false;

  constructor(items: readonly PipelineItem[], prepared: PreparedStatements) {
    this.#items = items;
    this.#prepared = prepared;
    this.result = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  /** Whether every item has its outcome: known at once, where `result` is told a moment later. */
  get isAnswered(): boolean {
    return this.#isAnswered;
  }

  submit(connection: Connection): void {
    const wire = connection as unknown as Wire;
    wire.stream.cork();
    for (const name of this.#prepared.takeDiscarded()) wire.close({ type: "S", name });
    for (const item of this.#items) this.#send(wire, item);
    wire.sync();
    wire.stream.uncork();
  }

  #send(wire: Wire, item: PipelineItem): void {
    const sent = this.#prepared.take(item.sql);
    this.#sent.push(sent);
    const { name, columns } = sent.statement;
    if (sent.isNew) wire.parse({ name, text: item.sql });
    wire.bind({ statement: name, values: item.values });
    if (columns === undefined) wire.describe({ type: "P" });
    wire.execute(null);
  }

  handleRowDescription(message: { readonly fields: readonly Column[] }): void {
    this.#columns = message.fields;
  }

  handleDataRow(message: { readonly fields: readonly (string | null)[] }): void {
    this.#rows.push(message.fields);
  }

  handleCommandComplete(message: { readonly text: string }): void {
    const statement = this.#sent[this.#outcomes.length]?.statement;
    const columns = statement?.columns ?? this.#columns;
    if (statement !== undefined) statement.columns = columns;
    this.#outcomes.push({ isOk: true, answer: { columns, rows: this.#rows, tag: message.text } });
    this.#columns = noColumns;
    this.#rows = [];
  }

  handleEmptyQuery(): void {
    this.handleCommandComplete({ text: "" });
  }

  handleReadyForQuery(): void {
    this.#finish({ isLost: false });
  }

  // The driver lets go of a query at its first error; the connection is free again only at the ReadyForQuery behind it.
  handleError(error: unknown, connection: Connection): void {
    if (error instanceof Error && "severity" in error) {
      this.#fail(error);
      this.#finishBehindError(connection as unknown as Wire);
    } else this.#finish({ isLost: true, error });
  }

  #finishBehindError(wire: Wire): void {
    const onReady = (): void => finish(false);
    const onEnd = (): void => finish(true);
    const finish = (isLost: boolean): void => {
      wire.off("readyForQuery", onReady);
      wire.off("end", onEnd);
      this.#finish({ isLost });
    };
    wire.on("readyForQuery", onReady);
    wire.on("end", onEnd);
  }

  handlePortalSuspended(): void {}

  handleCopyInResponse(connection: Connection): void {
    (connection as unknown as Wire).sendCopyFail("COPY is not part of a session.");
  }

  handleCopyData(): void {}

  #fail(error: Error): void {
    // An error behind the last answer is the implicit transaction's own end (a deferred check): nothing of it holds.
    if (this.#outcomes.length === this.#items.length) this.#outcomes.length = 0;
    for (const { statement, isNew } of this.#sent.slice(this.#outcomes.length))
      if (isNew) this.#prepared.forget(statement);
    if (hasState(error, staleStatementStates)) this.#prepared.forgetAll();
    this.#outcomes.push({ isOk: false, error, isSkipped: false });
    this.#skipRest(error);
  }

  #finish(end: { readonly isLost: boolean; readonly error?: unknown }): void {
    if (this.#outcomes.length < this.#items.length) this.#skipRest(end.error);
    this.#isAnswered = true;
    this.#settle({ outcomes: this.#outcomes, isLost: end.isLost });
  }

  #skipRest(error: unknown): void {
    while (this.#outcomes.length < this.#items.length) this.#outcomes.push({ isOk: false, error, isSkipped: true });
  }
}

function hasState(error: unknown, states: ReadonlySet<string>): boolean {
  return error instanceof Error && "code" in error && typeof error.code === "string" && states.has(error.code);
}
