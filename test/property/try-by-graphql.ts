/** In charge of trying over GraphQL: mutations sent to the gateway as a client sends them, with what a client shows. */
import type { GraphQLSchema } from "graphql";
import { readApiKey } from "../../src/api-key.js";
import { errorStatus } from "../../src/errors.js";
import { hashOfTokenSecret } from "../../src/one-time-token.js";
import type { Answer } from "../support/gateway.js";
import type { Gateway } from "./ask-gateway.js";
import type { Deed, Outcome, Way } from "./histories.js";
import { asMutation, type Mutation } from "./operations/as-mutation.js";

/** The way over GraphQL. What is shown once, a token's secret, is remembered. */
export function byGraphql(gateway: Gateway, schema: GraphQLSchema): Way {
  const secrets = new Map<string, string>();
  return {
    isWhole: true,
    attempt: async (stored, who, deed) => {
      const mutations = deed.operations.map((operation) => asMutation(schema, operation, secrets));
      const { query, variables } = write(mutations, deed);
      const answer = await gateway.ask(stored, who, query, variables);
      await gateway.written();
      for (const { secret } of shownIn(answer.body?.data)) secrets.set(hashOfTokenSecret(secret), secret);
      const outcome = outcomeOf(answer, mutations.length);
      return outcome.isByRule
        ? outcome
        : { ...outcome, refusal: `${outcome.refusal} ${JSON.stringify(gateway.logged.at(-1))}` };
    },
  };
}

const doomed = 'doomed: deleteTodo(input: { id: "Todo:00000000-0000-4000-8000-000000000000" }) { id }';

function write(mutations: readonly Mutation[], { isDoomed }: Deed) {
  const declared = mutations.map(({ inputType }, n) => `$i${n}: ${inputType}!`).join(", ");
  const fields = mutations.map(({ name, selection }, n) => `m${n}: ${name}(input: $i${n}) ${selection}`);
  return {
    query: `mutation (${declared}) { ${[...fields, ...(isDoomed ? [doomed] : [])].join(" ")} }`,
    variables: Object.fromEntries(mutations.map(({ input }, n) => [`i${n}`, input])),
  };
}

interface ToldError {
  readonly message: string;
  readonly extensions?: { readonly code?: string; readonly reason?: unknown };
}

function outcomeOf({ status, body }: Answer, count: number): Outcome {
  const errors: readonly ToldError[] = body?.errors ?? [];
  if (errors.length === 0 && body?.data) {
    const items = Array.from({ length: count }, (_, n) => body.data[`m${n}`]?.items ?? null);
    const codes = items.flat().flatMap((item) => (item === null || item.done ? [] : [item.code]));
    return { refusal: null, isByRule: codes.every(isOfCatalogue), done: items.map(timesDone), keys: keysIn(body.data) };
  }
  const told = errors.map(({ message, extensions }) => `${extensions?.code} ${extensions?.reason ?? ""} ${message}`);
  const isByRule =
    errors.length > 0 &&
    (body.data ?? null) === null &&
    errors.every(({ extensions }) => isOfCatalogue(extensions?.code));
  return {
    refusal: told.join("; ") || `${status} ${JSON.stringify(body)}`,
    isByRule,
    done: Array.from({ length: count }, () => 0),
    keys: new Map(),
  };
}

const timesDone = (items: readonly { readonly done: boolean }[] | null) =>
  items === null ? 1 : items.filter(({ done }) => done).length;

function isOfCatalogue(code: unknown): boolean {
  return typeof code === "string" && Object.hasOwn(errorStatus, code) && code !== "INTERNAL_SERVER_ERROR";
}

interface Shown {
  readonly secret: string;
  readonly apiKey?: { readonly id: string } | null;
}

function shownIn(data: Answer["body"]): readonly Shown[] {
  return Object.values<Partial<Shown> | null>(data ?? {}).flatMap((field) =>
    field?.secret === undefined ? [] : [{ ...field, secret: field.secret }],
  );
}

function keysIn(data: Answer["body"]): Outcome["keys"] {
  return new Map(
    shownIn(data).flatMap(({ secret, apiKey }) => {
      const facts = readApiKey(secret);
      return facts && apiKey ? [[apiKey.id.replace("ApiKey:", ""), { ...facts, text: secret }]] : [];
    }),
  );
}
