/** In charge of a schema small enough to see what the edge does with it, and of sessions that keep a diary. */
import {
  GraphQLError,
  GraphQLInt,
  GraphQLList,
  GraphQLNonNull,
  GraphQLObjectType,
  GraphQLSchema,
  GraphQLString,
} from "graphql";
import type { Context } from "../../src/builder/context.js";
import type { Caller } from "../../src/caller.js";
import type { OpenedSession, SessionOptions, Sessions } from "../../src/database/session.js";
import { GatewayError } from "../../src/errors.js";

const thing: GraphQLObjectType = new GraphQLObjectType({
  name: "Thing",
  fields: () => ({
    name: { type: GraphQLString },
    thing: { type: thing, resolve: () => ({ name: "inner" }) },
    things: { type: new GraphQLList(thing) },
  }),
});
const say = (
  resolve: (args: Readonly<Record<string, unknown>>, context: Context) => unknown,
  extensions: Readonly<Record<string, unknown>> = {},
) => ({
  type: GraphQLString,
  args: { count: { type: new GraphQLNonNull(GraphQLInt), defaultValue: 1 } },
  extensions: { portcullis: extensions },
  resolve: (_source: unknown, args: Readonly<Record<string, unknown>>, context: Context) => resolve(args, context),
});
const run = async (_args: unknown, { session }: Context) =>
  (await session.run({ sql: "select 1", parameters: [] })).length.toString();

/** Fields that answer, fail and touch the database in every way the edge treats differently. */
export const toySchema = new GraphQLSchema({
  query: new GraphQLObjectType({
    name: "Query",
    fields: {
      thing: { type: thing, resolve: () => ({ name: "outer" }) },
      caller: say((_args, { caller }) => JSON.stringify(caller)),
      context: say((_args, { requestId, request }) => JSON.stringify({ requestId, request })),
      one: say(run, { isSingleStatement: true }),
      many: say(run),
      forbidden: say(() => {
        throw new GatewayError("FORBIDDEN", "You are not allowed to do this.", {
          extensions: { requires: "things.read" },
        });
      }),
      signIn: say(() => {
        throw new GatewayError("UNAUTHENTICATED", "Sign in.");
      }),
      crash: say(() => {
        throw new Error("password=hunter2 at 10.0.0.1");
      }),
      crashAsGraphQL: say(() => {
        throw new GraphQLError("password=hunter2", { extensions: { code: "SECRET" } });
      }),
      strict: { type: new GraphQLNonNull(GraphQLString), resolve: () => null },
    },
  }),
  mutation: new GraphQLObjectType({
    name: "Mutation",
    fields: {
      write: say(run),
      grant: say(run, { changesAuthority: true }),
      fail: say(() => {
        throw new GatewayError("CONFLICT", "This conflicts with what is stored.");
      }),
    },
  }),
});

/** What happened to the sessions, in order. */
export interface Diary {
  readonly entries: string[];
  readonly opened: { readonly caller: Caller; readonly options: SessionOptions }[];
  readonly sessions: Sessions;
}

/** How the sessions of a diary fail. */
export interface DiaryFaults {
  /** Why none can be opened. */
  readonly refusal?: GatewayError;
  /** What commit rejects with. */
  readonly commit?: Error;
  /** Awaited by each statement. */
  readonly beforeRun?: () => Promise<void>;
}

/** Sessions without a database: the edge's own rules are looked at here, Postgres has its own tests. */
export function keepDiary(faults: DiaryFaults = {}): Diary {
  const diary: Diary = { entries: [], opened: [], sessions: { open } };
  function open(caller: Caller, options: SessionOptions): OpenedSession {
    diary.opened.push({ caller, options });
    return diarySession(diary, options, faults);
  }
  return diary;
}

function diarySession(diary: Diary, { mode }: SessionOptions, faults: DiaryFaults): OpenedSession {
  let isOver = false;
  const unused = () => Promise.reject(new Error("not part of this test"));
  const session = {
    mode,
    isAnonymous: false,
    refusal: null as GatewayError | null,
    openedFor: null,
    async run() {
      await faults.beforeRun?.();
      if (isOver) throw new GatewayError("INTERNAL_SERVER_ERROR", "The session is over.");
      if (faults.refusal !== undefined) {
        session.refusal = faults.refusal;
        throw faults.refusal;
      }
      diary.entries.push("run");
      return [];
    },
    execute: unused,
    savepoint: unused,
    prisma: unused,
    identity: unused,
    async commit() {
      isOver = true;
      diary.entries.push("commit");
      if (faults.commit !== undefined) throw faults.commit;
    },
    async rollback() {
      if (isOver) return;
      isOver = true;
      diary.entries.push("rollback");
    },
  };
  return session as OpenedSession;
}
