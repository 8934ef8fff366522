/** In charge of global ids: readable, and never taken for another type's. */
import { GatewayError } from "../errors.js";

const globalIdPattern = /^([A-Z]\w*):([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/;

/** An id as a client holds it, taken apart. */
export interface GlobalId {
  readonly type: string;
  readonly uuid: string;
}

/** Writes the global id of a row: `Todo:<uuid>`. */
export function globalId(type: string, uuid: string): string {
  return `${type}:${uuid}`;
}

/** Takes a global id apart. BAD_USER_INPUT for what is none. */
export function parseGlobalId(id: string): GlobalId {
  const [, type, uuid] = globalIdPattern.exec(id) ?? [];
  if (type === undefined || uuid === undefined)
    throw new GatewayError("BAD_USER_INPUT", "Not a global id. Write it as Type:uuid.");
  return { type, uuid };
}

/** The uuid in a global id of one type. BAD_USER_INPUT for another type's id. */
export function uuidOf(type: string, id: string): string {
  const parsed = parseGlobalId(id);
  if (parsed.type !== type) throw new GatewayError("BAD_USER_INPUT", `Not the id of a ${type}.`);
  return parsed.uuid;
}
