/** In charge of `node` and `nodes`: any row by its global id. */
import type { GraphQLResolveInfo } from "graphql";
import { sql } from "kysely";
import { builder } from "../../builder/builder.js";
import { unauthorized } from "../../builder/unauthorized.js";
import type { Session } from "../../database/session.js";
import { GatewayError } from "../../errors.js";
import { type GlobalId, parseGlobalId } from "../global-id.js";
import { objectType, tableOf } from "../read/compilation.js";
import { maxPageSize } from "../read/page.js";
import { readOne, readValue } from "../read/read.js";
import { compilationOf, selectObject } from "../read/select.js";
import { jsonObject, rowSource, type Sql, typed } from "../read/sql.js";
import type { Resource, Row } from "../resource.js";
import type { Resources } from "../resources.js";
import { Node, typeKey } from "./node.js";
import { singleStatement } from "./root-fields.js";

/** Adds `node(id)` and `nodes(ids)` to Query. */
export function addNodeFields(resources: Resources): void {
  const isOpen = [...resources.values()].some(({ audience }) => audience === "public");
  const authScopes = isOpen ? ({ public: true } as const) : ({ authenticated: true } as const);
  builder.queryFields((t) => ({
    node: t.field({
      type: Node,
      nullable: true,
      description:
        "Anything with a global id. Null when there is nothing with this id, or nothing that the caller may see.",
      args: { id: t.arg.id({ required: true, description: "The global id: `Type:uuid`." }) },
      authScopes,
      extensions: singleStatement,
      resolve: async (_root, { id }, { session }, info) => {
        const { resource, uuid } = find(resources, String(id));
        requireOpen(session, info, resource);
        const row = await readOne(session, info, { resource, id: uuid });
        return row && { ...row, [typeKey]: resource.name };
      },
    }),
    nodes: t.field({
      type: [Node],
      nullable: { list: false, items: true },
      description: "The same for several ids, in their order; null in the place of what the caller may not see.",
      args: { ids: t.arg.idList({ required: true, description: `The global ids, at most ${maxPageSize}.` }) },
      authScopes,
      extensions: singleStatement,
      resolve: (_root, { ids }, { session }, info) => {
        const found = ids.map((id) => find(resources, String(id)));
        for (const { resource } of found) requireOpen(session, info, resource);
        return readNodes(session, info, found);
      },
    }),
  }));
}

// Whoever has not signed in may ask for what is public, by its id as by its list.
function requireOpen({ isAnonymous }: Session, info: GraphQLResolveInfo, { audience }: Resource): void {
  if (isAnonymous && audience !== "public") throw unauthorized(info);
}

interface Found {
  readonly resource: Resource;
  readonly uuid: string;
}

function find(resources: Resources, id: string): Found {
  const { type, uuid }: GlobalId = parseGlobalId(id);
  const resource = resources.get(type);
  if (resource === undefined) throw new GatewayError("BAD_USER_INPUT", "Not the id of a known type.");
  return { resource, uuid };
}

async function readNodes(session: Session, info: GraphQLResolveInfo, asked: readonly Found[]): Promise<(Row | null)[]> {
  if (asked.length > maxPageSize) throw new GatewayError("BAD_USER_INPUT", `At most ${maxPageSize} ids.`);
  const compilation = { ...compilationOf(info, session), rowsAbove: asked.length };
  const wanted = new Map<Resource, Found[]>();
  for (const one of asked) wanted.set(one.resource, [...(wanted.get(one.resource) ?? []), one]);
  const selectRows = (resource: Resource, found: readonly Found[]): Sql => {
    const alias = compilation.nextAlias();
    const row = rowSource(alias);
    const object = selectObject(compilation, { type: objectType(info, resource.name), nodes: info.fieldNodes }, row);
    const ids = found.map(({ uuid }) => uuid);
    return sql`(select json_object_agg(${row("id")}, ${object}) from ${tableOf(resource, alias)} where ${row("id")} = any(${typed(ids, "uuid")}[]))`;
  };
  const pairs = [...wanted].map(([resource, found]) => [resource.name, selectRows(resource, found)] as const);
  const rows = await readValue<Record<string, Record<string, Row> | null>>(session, jsonObject(pairs));
  return asked.map(({ resource, uuid }) => {
    const row = rows?.[resource.name]?.[uuid];
    return row ? { ...row, [typeKey]: resource.name } : null;
  });
}
