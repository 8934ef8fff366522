/** In charge of carrying the cases out: who may is answered and heard of, who may not leaves everything as it was. */
import { GraphQLInputObjectType, getNamedType } from "graphql";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createPool, type Pool } from "../../../src/database/pool.js";
import { schema } from "../../../src/schema/index.js";
import { type TestDatabase, useTestDatabase } from "../../support/database.js";
import { fingerprint } from "../../support/fingerprint.js";
import { type AskAs, gatewayOver } from "../../support/gateway-over.js";
import { arrangeDelegates } from "./delegates.js";
import {
  type Allowed,
  bad,
  type Cases,
  emailOf,
  type Input,
  type MutationCases,
  type Refused,
} from "./mutation-cases.js";

/** The delegates' world behind a gateway, for a whole test file. */
export interface Delegates {
  readonly database: TestDatabase;
  readonly ask: AskAs;
  /** The global id that a case names by `#name`. */
  id(name: string): string;
}

/** Makes the delegates' world. Use it inside of tests only. */
export function useDelegates(): Delegates {
  const database = useTestDatabase();
  let ids: Readonly<Record<string, string>> = {};
  let pool: Pool | undefined;
  let ask: AskAs | undefined;
  beforeAll(async () => {
    ids = await arrangeDelegates(database);
    pool = createPool({ url: database.url, size: 4, acquireTimeoutMillis: 10_000, prepare: true });
    ask = gatewayOver(pool).ask;
  });
  afterAll(async () => {
    await pool?.close();
  });
  return {
    database,
    ask: (...asked) => {
      if (ask === undefined) throw new TypeError("The world is made in beforeAll; use it later.");
      return ask(...asked);
    },
    id: (name) => {
      const id = ids[name];
      if (id === undefined) throw new TypeError(`Nothing was arranged by the name ${name}.`);
      return id;
    },
  };
}

/** Proves cases in a world: of each mutation the refusals first, then what is allowed, with its event. */
export function proveCases(world: Delegates, cases: Cases): void {
  describe.each(Object.entries(cases))("%s", (mutation, { selects, allows, refuses }) => {
    it.each([...refuses, ...generatedRefusals(mutation, allows)])(
      "denies $as $why, and writes nothing",
      async (refused) => {
        const before = await fingerprint(world.database);
        const { body } = await call(world, mutation, { ...refused, selects });
        expect({ data: body.data ?? null, error: told(body.errors?.[0]) }).toEqual({
          data: null,
          error: expectation(refused),
        });
        expect(await fingerprint(world.database)).toBe(before);
      },
    );

    it.each(allows)("undoes what $as may do ($why) when another root field fails", async (allowed) => {
      const before = await fingerprint(world.database);
      const { body } = await call(world, mutation, { ...allowed, selects }, failing);
      expect(body).toMatchObject({ data: null, errors: [{ path: ["failing"] }] });
      expect(await fingerprint(world.database)).toBe(before);
    });

    it.each(allows)("allows $as $why, and records it", async (allowed) => {
      const before = await lastEvent(world.database);
      const { body } = await call(world, mutation, { ...allowed, selects });
      expect(body).toEqual({ data: { [mutation]: expect.objectContaining(allowed.answers) } });
      await expectEvent(world, allowed, before);
    });
  });
}

/** A root field that fails for everybody. */
const failing = 'failing: revokeGrant(input: { id: "Grant:00000000-0000-4000-8000-000000000000" }) { revoked }';

/** Calls a mutation with the input of a case, and another root field behind it. */
export function call(
  { ask, id }: Delegates,
  mutation: string,
  given: { readonly as: string; readonly tenant?: string; readonly input: Input; readonly selects: string },
  behind = "",
) {
  const input = Object.fromEntries(
    Object.entries(given.input).map(([name, value]) => [
      name,
      typeof value === "string" && value.startsWith("#") ? id(value.slice(1)) : value,
    ]),
  );
  const type = mutation.charAt(0).toUpperCase() + mutation.slice(1);
  return ask(
    emailOf(given.as),
    `mutation ($input: ${type}Input!) { ${mutation}(input: $input) { ${given.selects} } ${behind} }`,
    { input },
    given.tenant === undefined ? {} : { "x-tenant": given.tenant },
  );
}

/** Whatever names something, is refused as nothing, as another type's id, and as an id that nobody has: by who may otherwise. */
function generatedRefusals(
  mutation: string,
  [allowed]: MutationCases["allows"],
): readonly (Omit<Refused, "code"> & { readonly code: string })[] {
  if (allowed === undefined) return [];
  const argument = schema.getMutationType()?.getFields()[mutation]?.args[0];
  const type = argument && getNamedType(argument.type);
  if (!(type instanceof GraphQLInputObjectType)) throw new TypeError(`${mutation} takes no input.`);
  const { as, tenant, input } = allowed;
  const wrong = (name: string, value: string, why: string, code: string) => ({
    ...bad(as, { ...input, [name]: value }, `${name} ${why}`),
    ...(tenant === undefined ? {} : { tenant }),
    code,
  });
  return Object.values(type.getFields())
    .filter(({ name, description }) => typeof input[name] === "string" && description?.includes("global id"))
    .flatMap(({ name }) => [
      wrong(name, "", "given as nothing", "BAD_USER_INPUT"),
      wrong(name, "Sale:00000000-0000-4000-8000-000000000000", "given as another type's id", "BAD_USER_INPUT"),
      wrong(name, "Sale:not-an-id", "given as no id at all", "BAD_USER_INPUT"),
    ]);
}

function expectation({
  code,
  reason,
  requires,
}: {
  readonly code: string;
  readonly reason?: number;
  readonly requires?: string;
}) {
  return expect.objectContaining({ code, ...(reason ? { reason } : {}), ...(requires ? { requires } : {}) });
}

function told(error: { readonly message: string; readonly extensions: Input } | undefined) {
  return error && { ...error.extensions, message: error.message };
}

interface Event {
  readonly id: string;
  readonly number: string;
}

async function lastEvent({ owner }: TestDatabase): Promise<Event> {
  const { rows } = await owner.query<Event>("select id, number from iam.audit_events order by number desc limit 1");
  return rows[0] ?? { id: "", number: "0" };
}

// An event is there for who reads the trail where it happened, and for nobody who only took part or is a stranger.
async function expectEvent({ ask, database }: Delegates, { as, event }: Allowed, before: Event): Promise<void> {
  const { id, number } = await lastEvent(database);
  if (event === undefined) {
    expect(number).toBe(before.number);
    return;
  }
  expect(Number(number)).toBeGreaterThan(Number(before.number));
  const { rows } = await database.owner.query<{ reader: string | null; actor: string }>(
    `select case when t.slug = 'acme' then 'audra' end as reader, u.id as actor
     from iam.audit_events e left join iam.tenants t on t.id = e.tenant_id and t.deleted_at is null join iam.users u on u.id = e.actor_id where e.id = $1`,
    [id],
  );
  const query = `{ node(id: "AuditEvent:${id}") { ... on AuditEvent { code outcome actorId: actor { id } } } }`;
  const reading = async (who: string) =>
    (await ask(emailOf(who), query.replace("actorId: actor { id }", ""))).body.data.node;
  expect(await reading(rows[0]?.reader ?? "gaia")).toEqual({ code: event, outcome: "SUCCESS" });
  expect(rows[0]?.actor).toBe(await userId(database, emailOf(as)));
  for (const stranger of ["bob", "carol@globex.test"]) expect(await reading(stranger)).toBeNull();
}

async function userId({ owner }: TestDatabase, email: string): Promise<string> {
  const { rows } = await owner.query<{ user_id: string }>("select user_id from iam.identities where subject = $1", [
    email,
  ]);
  return rows[0]?.user_id ?? "";
}
