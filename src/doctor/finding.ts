/** In charge of what the doctor says: every kind of finding, with an id that stays what it is. */

/** The kinds of findings by id. A number is never given twice. */
export const findingNames = {
  PC001: "login-is-superuser",
  PC002: "login-bypasses-policies",
  PC003: "login-owns-objects",
  PC004: "login-creates-objects",
  PC005: "login-cannot-switch-role",
  PC006: "login-cannot-open-session",
  PC007: "login-has-rights",
  PC008: "foreign-membership",
  PC010: "security-not-forced",
  PC011: "view-reads-as-owner",
  PC012: "rights-beyond-rows",
  PC013: "granted-to-everybody",
  PC014: "implicit-many-to-many",
  PC015: "policy-for-everybody",
  PC016: "no-tenant-floor",
  PC017: "row-can-be-moved",
  PC020: "definer-without-search-path",
  PC021: "definer-for-everybody",
  PC022: "leakproof-function",
  PC030: "call-per-row",
  PC040: "missing-index",
  PC050: "table-is-missing",
  PC051: "policy-is-missing",
  PC052: "policy-differs",
  PC053: "policy-not-declared",
  PC054: "right-not-declared",
  PC055: "right-is-missing",
  PC056: "function-differs",
  PC057: "trigger-differs",
  PC058: "owner-differs",
  PC059: "guard-without-table",
} as const;

/** One of the ids above. */
export type FindingId = keyof typeof findingNames;

/** Something that isn't as it should be. */
export interface Finding {
  readonly id: FindingId;
  /** What is wrong, as a sentence. */
  readonly problem: string;
  /** The SQL that mends it, to be run by an administrator. */
  readonly mend: string;
}

/** Asks the database, as an administrator. */
export type Ask = <Row>(sql: string, values?: readonly unknown[]) => Promise<readonly Row[]>;
