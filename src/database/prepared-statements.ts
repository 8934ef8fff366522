/** In charge of what one connection has prepared: which text has which name there, and which names are to be given back. */

/** A column of an answer, as PostgreSQL describes it. */
export interface Column {
  readonly name: string;
  readonly dataTypeID: number;
}

/** One text with its name on one connection; an empty name stands for the unnamed statement. */
export interface PreparedStatement {
  readonly name: string;
  readonly sql: string;
  /** The columns of its answer once they were described; PostgreSQL refuses to run it (0A000) when they have changed. */
  columns: readonly Column[] | undefined;
}

/**
 * The statements prepared on one connection. Names are never used twice, so a name that PostgreSQL may or may not know
 * (its Parse stood beside an error) is simply closed and left.
 */
export class PreparedStatements {
  readonly #bySql = new Map<string, PreparedStatement>();
  readonly #limit: number;
  #discarded: string[] = [];
  #kept = 0;
  #made = 0;

  /**
   * @param limit how much is kept, as characters of SQL and a thousand for each statement: a plan takes some 170 bytes for
   * each of them; 0 prepares none, as a pooler without support for them needs it
   */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The statement for a text, and whether it must be parsed first. The one that was not used for longest makes room. */
  take(sql: string): { readonly statement: PreparedStatement; readonly isNew: boolean } {
    const known = this.#bySql.get(sql);
    if (known !== undefined) {
      this.#bySql.delete(sql);
      this.#bySql.set(sql, known);
      return { statement: known, isNew: false };
    }
    if (this.#limit === 0) return { statement: { name: "", sql, columns: undefined }, isNew: true };
    this.#made += 1;
    const statement: PreparedStatement = { name: `portcullis_${this.#made}`, sql, columns: undefined };
    this.#bySql.set(sql, statement);
    this.#kept += weightOf(sql);
    return { statement, isNew: true };
  }

  /** Forgets a statement whose Parse may have failed or was skipped. */
  forget(statement: PreparedStatement): void {
    if (this.#bySql.get(statement.sql) !== statement) return;
    this.#bySql.delete(statement.sql);
    this.#kept -= weightOf(statement.sql);
    this.#discarded.push(statement.name);
  }

  /** Forgets all of them: somebody said DISCARD or DEALLOCATE, or a table changed underneath. */
  forgetAll(): void {
    for (const statement of [...this.#bySql.values()]) this.forget(statement);
  }

  /** The names to close before the next statements are sent; each is handed out once. */
  takeDiscarded(): readonly string[] {
    for (const oldest of this.#bySql.values()) {
      if (this.#kept <= this.#limit) break;
      this.forget(oldest);
    }
    const names = this.#discarded;
    if (names.length > 0) this.#discarded = [];
    return names;
  }
}

function weightOf(sql: string): number {
  return 1_000 + sql.length;
}
