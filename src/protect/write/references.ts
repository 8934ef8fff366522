/** In charge of the rows that a written row refers to, as a client names them. That he sees them is asked by the database. */
import type { Session } from "../../database/session.js";
import { GatewayError } from "../../errors.js";
import { uuidOf } from "../global-id.js";
import { readValue } from "../read/read.js";
import { typed } from "../read/sql.js";
import { idColumn, type Link, type Resource } from "../resource.js";
import { modelBehind, type Resources } from "../resources.js";
import { referringLinks } from "../writable.js";
import type { WriteInput } from "./input.js";
import { naturalKeys } from "./natural-keys.js";
import { fieldWith } from "./place.js";
import { notFound } from "./refusals.js";
import type { Data } from "./rows.js";

/** What is written, and what the client said. */
export interface Said {
  readonly resource: Resource;
  readonly resources: Resources;
  readonly input: WriteInput;
}

/** The fields that refer to other rows. BAD_USER_INPUT for null where one is needed, NOT_FOUND for a name that the caller doesn't see. */
export async function referencesIn(session: Session, { resource, resources, input }: Said): Promise<Data> {
  const data: Record<string, unknown> = {};
  for (const link of referringLinks(resource, resources)) {
    const said = input[link.name];
    if (said !== undefined) data[fieldWith(resource.name, idColumn(link))] = await idOf(session, link, said);
  }
  return data;
}

async function idOf(session: Session, { name, model, isRequired }: Link, said: unknown): Promise<string | null> {
  if (said === null && isRequired) throw new GatewayError("BAD_USER_INPUT", `${name} can't be empty.`);
  if (said === null) return null;
  const type = modelBehind(model);
  const key = naturalKeys[type];
  if (key === undefined || /^[A-Z]\w*:/.test(String(said))) return uuidOf(type, String(said));
  const found = await readValue<string>(session, key.find(typed(said, "text")));
  if (found === null) throw notFound();
  return found;
}
