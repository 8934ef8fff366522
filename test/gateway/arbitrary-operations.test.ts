/** In charge of whatever somebody may send: it has an answer from the closed list, and is never the gateway's own fault. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { errorStatus } from "../../src/errors.js";
import { schema } from "../../src/schema/index.js";
import { arbitraryOperation } from "../support/arbitrary-operation.js";
import { cast, useWorld, type Who } from "../support/world.js";

const world = useWorld();
const operations = Number(process.env.PORTCULLIS_OPERATIONS ?? 300);

const { INTERNAL_SERVER_ERROR: _, UNAVAILABLE: __, TIMEOUT: ___, ...foreseen } = errorStatus;

it(`is answered with what was foreseen: ${operations} random operations`, { timeout: 600_000 }, async () => {
  const who = fc.constantFrom<Who>(...(Object.keys(cast) as (keyof typeof cast)[]), null);
  const property = fc.asyncProperty(who, arbitraryOperation(schema), async (asker, { query, variables }) => {
    const { body } = await world.as(asker, query, variables);
    const errors: readonly { readonly extensions: { readonly code: string } }[] = body.errors ?? [];
    for (const { extensions } of errors) expect(Object.keys(foreseen)).toContain(extensions.code);
  });
  await fc.assert(property, { seed: 17, numRuns: operations });
});
