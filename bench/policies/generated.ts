/** In charge of what the gateway sends for each case: compiled from GraphQL as a request is, and written down instead of run. */
import { execute, parse } from "graphql";
import type { Context } from "../../src/builder/context.js";
import { followNothing } from "../../src/builder/follow.js";
import type { Session, Statement } from "../../src/database/session.js";
import { schema } from "../../src/schema/index.js";
import type { Known } from "./known.js";
import type { Link } from "./link.js";

/** Each case by its name. `cursor` is where the second page begins. */
export async function generatedFor({ one, own }: Known, cursor: string): Promise<Readonly<Record<string, Statement>>> {
  const selection = "nodes { id title createdAt }";
  return {
    "list 50": await statementOf(`{ todos(first: 50) { ${selection} } }`),
    "keyset page": await statementOf(`{ todos(first: 50, after: "${cursor}") { ${selection} } }`),
    count: await statementOf("{ todos { totalCount } }"),
    "point read": await statementOf(`{ todo(id: "Todo:${one}") { id title } }`),
    insert: { sql: "insert into todos (title) values ('A new one') returning id", parameters: [] },
    update: { sql: "update todos set title = 'Another' where id = $1 returning id", parameters: [own] },
  };
}

/** The cursor of the caller's 50th row, as the gateway writes it. */
export async function cursorOf(session: Link): Promise<string> {
  const run = async (statement: Statement) =>
    (await session.ask(statement)).map(([data]) => ({ data: JSON.parse(data ?? "null") as unknown }));
  const { data, errors } = await execute({
    schema,
    document: parse("{ todos(first: 50) { pageInfo { endCursor } } }"),
    contextValue: contextOf({ mode: "read", run } as unknown as Session),
  });
  if (errors?.[0]) throw errors[0];
  return (data as unknown as { todos: { pageInfo: { endCursor: string } } }).todos.pageInfo.endCursor;
}

/** The values of a cursor: moment and id. */
export function placeIn(cursor: string): readonly string[] {
  return JSON.parse(Buffer.from(cursor, "base64url").toString().slice(12)) as string[];
}

async function statementOf(query: string): Promise<Statement> {
  const statements: Statement[] = [];
  const run = async (statement: Statement) => {
    statements.push(statement);
    return [];
  };
  const contextValue = contextOf({ mode: "read", run } as unknown as Session);
  await execute({ schema, document: parse(query), contextValue });
  const [statement] = statements;
  if (statement === undefined) throw new RangeError(`Nothing was sent for ${query}`);
  return statement;
}

function contextOf(session: Session): Context {
  const caller = { kind: "token", issuer: "i", subject: "s", tenant: null, actAs: null, expiresAt: 0 } as const;
  const explainToken = () => Promise.reject(new TypeError("There is no token."));
  const request = { ip: null, userAgent: null };
  return { caller, session, requestId: "bench", request, follow: followNothing, explainToken };
}
