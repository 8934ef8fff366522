/** In charge of lists of the people who may do something, each with the way by which he may. */
import DataLoader from "dataloader";
import type { GraphQLResolveInfo } from "graphql";
import { sql } from "kysely";
import { builder } from "../../builder/builder.js";
import type { Session } from "../../database/session.js";
import { GatewayError } from "../../errors.js";
import { type Connection, type Edge, edgesAt, nodeAt, nodesAt } from "../../protect/read/connection.js";
import type { PageArguments } from "../../protect/read/page.js";
import { readPage, readValue } from "../../protect/read/read.js";
import { placeKey } from "../../protect/read/select-page.js";
import { type Sql, toStatement } from "../../protect/read/sql.js";
import { cursorField, pageFields } from "../../protect/type/list-fields.js";
import { rowScope } from "../../protect/type/row-scope.js";
import { user } from "../../resources/user.js";
import { ChainLink, type Link } from "./chain.js";

/** People who may do something: a set of their ids, and for some of them the chains by which they may. */
export interface Permitted {
  /** A query for the ids. */
  readonly ids: Sql;
  /** A query for `user_id` and `chain`, given the ids of some. */
  readonly chainsOf: (ids: readonly string[]) => Sql;
}

type Chains = DataLoader<string, readonly Link[]>;

interface PermittedEdge extends Edge {
  readonly chains: Chains;
}

/** A page of people who may do something. */
export interface PermittedPage extends Connection {
  readonly chains: Chains;
  readonly countHidden: () => Promise<number>;
}

const PermittedUserEdge = builder.objectRef<PermittedEdge>("PermittedUserEdge").implement({
  description: "Somebody who may, and his place in the list.",
  fields: (t) => ({
    cursor: cursorField(t),
    node: t.field({
      type: user.type,
      nullable: false,
      description: "The user.",
      authScopes: rowScope,
      resolve: ({ row, key }, _args, _context, info) => nodeAt(row, `${key}.${info.path.key}`),
    }),
    via: t.field({
      type: [ChainLink],
      nullable: false,
      description: "The shortest way by which he may: user, groups, roles, feature, scope.",
      authScopes: rowScope,
      resolve: async ({ row, chains }) => [...(await chains.load(String(row[placeKey].at(-1))))],
    }),
  }),
});

/** The type of such a list. */
export const PermittedUserConnection = builder.objectRef<PermittedPage>("PermittedUserConnection").implement({
  description: "A page of people who may do something.",
  fields: (t) => ({
    edges: t.field({
      type: [PermittedUserEdge],
      nullable: false,
      description: "The people of the page, each with his cursor and the way by which he may.",
      authScopes: rowScope,
      resolve: (page, _args, _context, info) =>
        edgesAt(page, info.path.key).map((edge) => ({ ...edge, chains: page.chains })),
    }),
    nodes: t.field({
      type: [user.type],
      nullable: false,
      description: "The people of the page, for who needs no cursors.",
      authScopes: rowScope,
      resolve: (page, _args, _context, info) => nodesAt(page, info.path.key),
    }),
    ...pageFields(t, { totalCount: "How many people who may the caller may see, on all pages." }),
    hiddenCount: t.int({
      nullable: false,
      description:
        "How many more may whom the caller may not see: other members, or people with a grant at `global/all`.",
      authScopes: rowScope,
      resolve: ({ countHidden }) => countHidden(),
    }),
  }),
});

/** The arguments of such a list; they fit PageArguments. */
export const onePage = builder.args((t) => ({
  first: t.int({ description: "How many people, from the start of the list (default 20, at most 100)." }),
  after: t.string({ description: "The cursor behind which the page begins." }),
  last: t.int({ description: "How many people, from the end of the list (at most 100). Not together with first." }),
  before: t.string({ description: "The cursor before which the page ends." }),
}));

/** Reads a page. The people are found first and cut to a page then, so that no page is short. */
export async function readPermitted(
  session: Session,
  info: GraphQLResolveInfo,
  { permitted, args }: { readonly permitted: Permitted; readonly args: PageArguments },
): Promise<PermittedPage> {
  const connection = await readPage(session, info, { resource: user, args, ids: permitted.ids });
  const hidden = sql`(select count(*) from (${permitted.ids}) as found (id) where not exists (select from iam.users as u where u.id = found.id))`;
  return {
    ...connection,
    chains: new DataLoader((ids) => readChains(session, permitted.chainsOf(ids), ids)),
    countHidden: async () => (await readValue<number>(session, hidden)) ?? 0,
  };
}

async function readChains(session: Session, query: Sql, ids: readonly string[]): Promise<(readonly Link[])[]> {
  const rows = await session.run<{ user_id: string; chain: readonly Link[] }>(toStatement(query));
  const chains = new Map(rows.map((row) => [row.user_id, row.chain]));
  return ids.map((id) => chainOf(chains, id));
}

function chainOf(chains: ReadonlyMap<string, readonly Link[]>, id: string): readonly Link[] {
  const chain = chains.get(id);
  if (chain === undefined) throw new GatewayError("INTERNAL_SERVER_ERROR", "Internal server error.");
  return chain;
}
