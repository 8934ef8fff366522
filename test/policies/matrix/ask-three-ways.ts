/** In charge of asking what a case says: by SQL as the runtime role, by GraphQL one row at a time, by GraphQL in a list. */
import type { OpenedSession, Sessions } from "../../../src/database/session.js";
import { GatewayError } from "../../../src/errors.js";
import { callerOf, inSession, reasonOf, undone } from "../../property/ask-database.js";
import type { Gateway } from "../../property/ask-gateway.js";
import type { Credential } from "../../property/oracle.js";
import type { StoredWorld } from "../../property/store-world.js";
import type { Answer } from "../../support/gateway.js";
import type { CaseFile, Commands } from "./read-cases.js";
import { places } from "./world-of-case.js";

/** A case in a database. */
export interface Asked {
  readonly table: CaseFile["table"];
  readonly stored: StoredWorld;
  readonly who: Credential;
  readonly rows: readonly string[];
}

/** What was let through, or the number of the reason why nobody is let in. */
export type Found = Partial<Commands> | number;

const spellings = {
  todos: { one: "todo", type: "Todo", text: "title" },
  chats: { one: "chat", type: "Chat", text: "message" },
  sales: { one: "sale", type: "Sale", text: "campus" },
} as const;

// SQL ---------------------------------------------------------------------------------------------------------------------

/** Tries every command on every row, and creation at every place with the new row as the answer, as `web_user` or `web_anon`. */
export function askBySql(sessions: Sessions, asked: Asked): Promise<Found> {
  const { table, stored, who, rows } = asked;
  const { one, text } = spellings[table];
  return inSession(sessions, callerOf(stored, who), async (session) => {
    await session.identity();
    const touches = (sql: string) => (name: string) => touchesOne(session, sql, [stored.id(name)]);
    const read = await filter(rows, touches(`select from public.${table} where id = $1`));
    if (table === "sales") return { read };
    const share = `insert into public.${one}_shares (${one}_id, user_id) values ($1, '${stored.id("zoe")}')`;
    return {
      read,
      update: await filter(rows, touches(`update public.${table} set ${text} = ${text} where id = $1`)),
      delete: await filter(rows, touches(`delete from public.${table} where id = $1`)),
      share: await filter(rows, touches(share)),
      create: await filter(
        places,
        touches(`insert into public.${table} (${text}, scope_id) values ('new', $1) returning id`),
      ),
    };
  });
}

function touchesOne(session: OpenedSession, sql: string, parameters: readonly unknown[]): Promise<boolean> {
  return undone(session, () => session.execute({ sql, parameters })).then(
    (count) => count === 1,
    (error: unknown) => {
      // an owner who never was a member is refused by a foreign key
      if (error instanceof GatewayError && ["FORBIDDEN", "CONFLICT"].includes(String(error.extensions.code)))
        return false;
      throw error;
    },
  );
}

// GraphQL -----------------------------------------------------------------------------------------------------------------

/** Asks for each row by its id, and sends each mutation, undone by a last one that fails. */
export async function askOneByOne(gateway: Gateway, asked: Asked): Promise<Found> {
  const { table, stored, who, rows } = asked;
  const { one, type, text } = spellings[table];
  const idOf = (name: string) => `${type}:${stored.id(name)}`;
  const { body } = await gateway.ask(
    stored,
    who,
    `{ ${rows.map((name, n) => `r${n}: ${one}(id: "${idOf(name)}") { id }`).join(" ")} }`,
  );
  const reason = refusalIn(body);
  if (reason !== null) return reason;
  const read = rows.filter((_, n) => body.data?.[`r${n}`]?.id !== undefined);
  if (table === "sales") return { read };
  const done = (fieldFor: (name: string) => string) => (name: string) => isDone(gateway, asked, fieldFor(name));
  return {
    read,
    update: await filter(
      rows,
      done((name) => `update${type}(input: { id: "${idOf(name)}", ${text}: "changed" }) { __typename }`),
    ),
    delete: await filter(
      rows,
      done((name) => `delete${type}(input: { id: "${idOf(name)}" }) { id }`),
    ),
    share: await filter(
      rows,
      done(
        (name) => `share${type}(input: { ${one}: "${idOf(name)}", user: "User:${stored.id("zoe")}" }) { __typename }`,
      ),
    ),
    create: await filter(
      places,
      done((name) => `create${type}(input: { ${text}: "new", scope: "Scope:${stored.id(name)}" }) { __typename }`),
    ),
  };
}

async function isDone(gateway: Gateway, { stored, who }: Asked, field: string): Promise<boolean> {
  const undo = `deleteTodo(input: { id: "Todo:00000000-0000-4000-8000-000000000000" }) { id }`;
  const { body } = await gateway.ask(stored, who, `mutation { tried: ${field} undo: ${undo} }`);
  const error = body.errors?.[0];
  if (error?.path?.[0] === "undo") return true;
  if (["FORBIDDEN", "CONFLICT", "NOT_FOUND", "UNAUTHENTICATED"].includes(error?.extensions?.code)) return false;
  throw new RangeError(`${field} was answered ${JSON.stringify(body)}`);
}

/** Asks for the whole list, and for what may be done with each row of it. */
export async function askByList(gateway: Gateway, { table, stored, who, rows }: Asked): Promise<Found> {
  const access = table === "sales" ? "" : "access { update delete share }";
  const { body } = await gateway.ask(stored, who, `{ ${table}(first: 100) { totalCount nodes { id ${access} } } }`);
  const reason = refusalIn(body);
  if (reason !== null) return reason;
  const nodes: readonly Node[] = body.data?.[table]?.nodes ?? [];
  const { type } = spellings[table];
  const nameOf = (node: Node) => rows.find((name) => `${type}:${stored.id(name)}` === node.id) ?? node.id;
  const having = (may: (node: Node) => boolean) => inOrder(rows, nodes.filter(may).map(nameOf));
  const read = having(() => true);
  if (table === "sales") return { read };
  return {
    read,
    update: having(({ access: may }) => may?.update === true),
    delete: having(({ access: may }) => may?.delete === true),
    share: having(({ access: may }) => may?.share === true),
  };
}

interface Node {
  readonly id: string;
  readonly access?: { readonly update: boolean; readonly delete: boolean; readonly share: boolean };
}

// A number is why nobody is let in. Who shows no credential is let in, as nobody.
function refusalIn(body: Answer["body"]): number | null {
  const reason = reasonOf(body.errors?.[0]?.extensions ?? {});
  return body.data || Number.isNaN(reason) ? null : reason;
}

function inOrder(rows: readonly string[], found: readonly string[]): string[] {
  return [...rows.filter((name) => found.includes(name)), ...found.filter((name) => !rows.includes(name))];
}

async function filter<T extends string>(names: readonly T[], test: (name: T) => Promise<boolean>): Promise<T[]> {
  const kept: T[] = [];
  for (const name of names) if (await test(name)) kept.push(name);
  return kept;
}
