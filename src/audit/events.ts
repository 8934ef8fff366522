/** In charge of the events that the gateway writes into the audit itself; all others are written by the functions of iam. */

/** Their numbers, by the name that `iam.event_name()` has for them. A closed list; a test holds it against the database's. */
export const auditEvents = {
  tenant_users_read: 50005,
  tenant_groups_read: 50006,
  provider_users_read: 50016,
  group_members_read: 50210,
  group_read: 50211,
  api_key_refused: 50507,
  operation_denied: 50900,
  operation_failed: 50901,
} as const;

/** One of these numbers. */
export type EventNumber = (typeof auditEvents)[keyof typeof auditEvents];

/** The number of a read that is an event of its own. */
export type ReadNumber = Exclude<
  EventNumber,
  typeof auditEvents.api_key_refused | typeof auditEvents.operation_denied | typeof auditEvents.operation_failed
>;

/** One event as `iam.record_attempts()` takes it. Nothing in it may come from a variable, a token or a row. */
export interface AuditRecord {
  readonly code: EventNumber;
  readonly outcome: "success" | "failure" | "denied";
  readonly tenant_id: string | null;
  /** Who really acts, when somebody acts as the user. */
  readonly actor_id: string | null;
  readonly user_id: string | null;
  readonly request_id: string;
  readonly ip_address: string | null;
  readonly user_agent: string | null;
  readonly metadata: Readonly<Record<string, unknown>>;
  /** When it happened, which is before it is written. */
  readonly created_at: string;
}
