/** In charge of cursors: the place of one row in one order, as text that a client keeps and gives back. */
import { createHash } from "node:crypto";
import { GatewayError } from "../../errors.js";
import type { Resource } from "../resource.js";
import type { OrderTerm } from "./order.js";

/** The values of a row in the terms of an order, as Postgres wrote them. */
export type Position = readonly (string | null)[];

/** Writes the cursor of a row. It is good for the same type and order only. */
export function encodeCursor(resource: Resource, terms: readonly OrderTerm[], position: Position): string {
  const values = JSON.stringify(position);
  return Buffer.from(`${checksum(resource, terms, values)}${values}`).toString("base64url");
}

/** Reads a cursor back. BAD_USER_INPUT for one that is damaged, or was given for another list or order. */
export function decodeCursor(resource: Resource, terms: readonly OrderTerm[], cursor: string): Position {
  const text = Buffer.from(cursor, "base64url").toString();
  const values = text.slice(checksumLength);
  const isWhole =
    Buffer.from(text).toString("base64url") === cursor && text.startsWith(checksum(resource, terms, values));
  if (!isWhole) throw badCursor();
  const position = parse(values);
  if (!isPosition(position) || position.length !== terms.length) throw badCursor();
  return position;
}

function parse(values: string): unknown {
  try {
    return JSON.parse(values);
  } catch {
    throw badCursor();
  }
}

const checksumLength = 12;

// No secret: a cursor opens nothing, whoever writes it. It only keeps a list from answering to another list's cursor.
function checksum(resource: Resource, terms: readonly OrderTerm[], values: string): string {
  const order = terms.map(({ column, direction }) => `${column.name} ${direction}`);
  return createHash("sha256")
    .update(JSON.stringify([resource.name, order, values]))
    .digest("base64url")
    .slice(0, checksumLength);
}

function isPosition(value: unknown): value is Position {
  return Array.isArray(value) && value.every((one) => one === null || typeof one === "string");
}

function badCursor(): GatewayError {
  return new GatewayError("BAD_USER_INPUT", "Not a cursor of this list in this order.");
}
