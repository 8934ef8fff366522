/** In charge of the types of a resource's list: connection and edge, each field with its scope. */
import { builder } from "../../builder/builder.js";
import { type Connection, type Edge, edgesAt, nodeAt, nodesAt } from "../read/connection.js";
import type { Resource } from "../resource.js";
import { aggregatesType } from "./aggregates-type.js";
import { spoken } from "./describe.js";
import { cursorField, pageFields } from "./list-fields.js";
import { rowScope } from "./row-scope.js";

type ConnectionType = ReturnType<typeof builder.objectRef<Connection>>;
const connectionTypes = new Map<string, ConnectionType>();

/** The connection of a resource; made once. */
export function connectionType(resource: Resource): ConnectionType {
  const known = connectionTypes.get(resource.name);
  if (known) return known;
  const type = builder.objectRef<Connection>(`${resource.name}Connection`);
  connectionTypes.set(resource.name, type);
  const words = spoken(resource.plural);
  const [Edge, Aggregates] = [edgeType(resource), aggregatesType(resource)];
  type.implement({
    description: `A page of ${words}.`,
    fields: (t) => ({
      edges: t.field({
        type: [Edge],
        nullable: false,
        description: "The rows of the page, each with its cursor.",
        authScopes: rowScope,
        resolve: (page, _args, _context, info) => edgesAt(page, info.path.key),
      }),
      nodes: t.field({
        type: [resource.type],
        nullable: false,
        description: "The rows of the page, for who needs no cursors.",
        authScopes: rowScope,
        resolve: (page, _args, _context, info) => nodesAt(page, info.path.key),
      }),
      ...pageFields(t, { totalCount: `How many ${words} the caller may see that match the filter, on all pages.` }),
      aggregates: t.field({
        type: Aggregates,
        nullable: false,
        description: `What is true of all ${words} that the caller may see and that match the filter, on all pages.`,
        authScopes: rowScope,
        resolve: ({ aggregates }) => aggregates,
      }),
    }),
  });
  return type;
}

function edgeType(resource: Resource) {
  const words = spoken(resource.singular);
  return builder.objectRef<Edge>(`${resource.name}Edge`).implement({
    description: `A ${words} and its place in the list.`,
    fields: (t) => ({
      cursor: cursorField(t),
      node: t.field({
        type: resource.type,
        nullable: false,
        description: `The ${words}.`,
        authScopes: rowScope,
        resolve: ({ row, key }, _args, _context, info) => nodeAt(row, `${key}.${info.path.key}`),
      }),
    }),
  });
}
