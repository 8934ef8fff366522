/** In charge of following the audit: every new event that the subscriber may read, once, in the order of its transaction. */
import type { GraphQLResolveInfo } from "graphql";
import { sql } from "kysely";
import { builder } from "../builder/builder.js";
import type { News } from "../builder/follow.js";
import type { Session } from "../database/session.js";
import { GatewayError } from "../errors.js";
import { uuidOf } from "../protect/global-id.js";
import { objectType, tableOf } from "../protect/read/compilation.js";
import { readValue } from "../protect/read/read.js";
import { compilationOf, selectObject } from "../protect/read/select.js";
import { rowSource, toStatement, typed } from "../protect/read/sql.js";
import type { Row } from "../protect/resource.js";
import { rowScope } from "../protect/type/row-scope.js";
import { auditEvent } from "../resources/audit-event.js";

/** Behind which event to go on: the transaction that wrote it, and its number there. */
interface Place extends Record<string, unknown> {
  readonly transaction: string;
  readonly number: string;
}

/** How far a subscriber has come. */
interface Mark extends Place {
  /** The snapshot of which everything is from before his time, settled or not; null where he names the last event he knows. */
  readonly known: string | null;
}

interface Found extends Place {
  readonly id: string;
}

interface NewEvents {
  readonly ids: readonly string[];
}

const pageSize = 50;

const NewAuditEvents = builder.objectRef<NewEvents>("NewAuditEvents").implement({
  description: "What was written down since the last time.",
  fields: (t) => ({
    nodes: t.field({
      type: [auditEvent.type],
      nullable: false,
      description: `The events, at most ${pageSize}, oldest first.`,
      authScopes: rowScope,
      resolve: (found, _args, { session }, info) => readEvents(session, info, found),
    }),
  }),
});

// An event has its place for good when no transaction that began before its own is under way: then none comes before it.
const settled = sql`pg_snapshot_xmin(pg_current_snapshot())::text::bigint`;
const lastNumber = "9223372036854775807";

async function lookAtEvents(session: Session, last: Mark | null, after: string | null): Promise<News<NewEvents, Mark>> {
  const end = await placeBehindAll(session);
  const begin = last ?? (after === null ? end : await placeOfEvent(session, after));
  const { known } = begin;
  const found = await session.run<Found>(
    toStatement(sql`
      select e.id, e.transaction::text, e.number::text
      from iam.audit_events e
      where (e.transaction, e.number) > (${begin.transaction}::bigint, ${begin.number}::bigint) and e.transaction < ${settled}
        ${known === null ? sql`` : sql`and not pg_visible_in_snapshot(e.transaction::text::xid8, ${known}::pg_snapshot)`}
      order by e.transaction, e.number
      limit ${pageSize}`),
  );
  const lastFound = found.at(-1);
  const isFull = found.length === pageSize;
  return {
    event: lastFound === undefined ? null : { ids: found.map(({ id }) => id) },
    mark: {
      ...(isFull && lastFound !== undefined ? { transaction: lastFound.transaction, number: lastFound.number } : end),
      known,
    },
    againInMillis: isFull ? 0 : null,
  };
}

async function placeBehindAll(session: Session): Promise<Mark> {
  const [place] = await session.run<Mark>(
    toStatement(
      sql`select (${settled} - 1)::text as transaction, ${lastNumber} as number, pg_current_snapshot()::text as known`,
    ),
  );
  if (place === undefined) throw new TypeError("A select without a table answers one row.");
  return place;
}

async function placeOfEvent(session: Session, id: string): Promise<Mark> {
  const [place] = await session.run<Mark>(
    toStatement(
      sql`select transaction::text, number::text, null::text as known from iam.audit_events where id = ${typed(uuidOf(auditEvent.name, id), "uuid")}`,
    ),
  );
  if (place === undefined) throw new GatewayError("NOT_FOUND", "There is no such event.");
  return place;
}

async function readEvents(session: Session, info: GraphQLResolveInfo, { ids }: NewEvents): Promise<Row[]> {
  const compilation = { ...compilationOf(info, session), rowsAbove: ids.length };
  const alias = compilation.nextAlias();
  const row = rowSource(alias);
  const asked = { type: objectType(info, auditEvent.name), nodes: info.fieldNodes };
  const events = await readValue<Row[]>(
    session,
    sql`(select json_agg(${selectObject(compilation, asked, row)} order by ${row("transaction")}, ${row("number")})
         from ${tableOf(auditEvent, alias)} where ${row("id")} = any(${typed(ids, "uuid")}[]))`,
  );
  return events ?? [];
}

builder.subscriptionField("auditEvents", (t) =>
  t.field({
    type: NewAuditEvents,
    nullable: false,
    description:
      "The events that are written from now on, or from behind a known one, where the caller holds `iam.audit.read`. None is left out and none comes twice.",
    args: {
      after: t.arg.id({ description: "The global id of the last event known: what came since is told first." }),
    },
    authScopes: { authenticated: true },
    subscribe: (_root, { after }, { follow }) =>
      follow<NewEvents, Mark>({
        of: "audit",
        look: (session, last) =>
          lookAtEvents(session, last, after === null || after === undefined ? null : String(after)),
      }),
    resolve: (found) => found,
  }),
);
