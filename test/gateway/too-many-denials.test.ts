/** In charge of answers that would be made of denials: each costs more than a value, so they end somewhere. */
import { beforeAll, expect, it } from "vitest";
import { mostDenials } from "../../src/builder/unauthorized.js";
import { useAuditedGateway } from "../support/audited-gateway.js";

const gateway = useAuditedGateway();
const rows = 100;

beforeAll(async () => {
  await gateway.database.owner.query(
    `insert into public.todos (tenant_id, owner_id, scope_id, title)
     select s.tenant_id, u.id, s.id, 'Number ' || n from iam.scopes s, iam.users u, generate_series(1, $1::int) as n
     where s.key = 'acme' and u.email = 'bob@acme.test'`,
    [rows],
  );
});

const notes = (aliases: number, more = "") =>
  `{ todos(first: ${rows}) { nodes { ${Array.from({ length: aliases }, (_, index) => `a${index}: internalNote`).join(" ")} ${more} } } }`;

it("tells of each denied field, up to a thousand of them, beside the data", async () => {
  const { body } = await gateway.ask("bob@acme.test", notes(mostDenials / rows, "title"));
  expect(body.errors).toHaveLength(mostDenials);
  expect(body.data.todos.nodes).toHaveLength(rows);
});

it("denies the whole answer beyond, with one error and no data, and writes it down", async () => {
  const { body, requestId } = await gateway.ask("bob@acme.test", notes(mostDenials / rows + 1, "title"));
  expect(body).toEqual({
    data: null,
    errors: [
      {
        message: "More than 1000 fields of the answer are denied. Ask for fewer.",
        extensions: { code: "FORBIDDEN", reason: "TOO_MANY" },
      },
    ],
  });
  expect(await gateway.eventsOf(requestId)).toMatchObject([{ code: 50900, outcome: "denied" }]);
});

it("allows who may read them as many", async () => {
  const { body } = await gateway.ask("erin@acme.test", notes(20));
  expect(body.errors).toBeUndefined();
});
