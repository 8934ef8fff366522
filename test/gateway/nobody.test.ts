/** What is open to somebody without a credential, over every root field of the schema: a new one is denied until it says otherwise. */
import { expect, it } from "vitest";
import { schema } from "../../src/schema/index.js";
import { openToNobody, rootFields } from "../support/root-fields.js";
import { useWorld } from "../support/world.js";

const world = useWorld();

it("denies nobody's request every root field but the three that say so", async () => {
  const fields = rootFields(schema);
  expect(fields.length).toBeGreaterThan(100);
  const open = await openToNobody(fields, ({ query, variables }) =>
    query.startsWith("subscription")
      ? world.showing({ accept: "text/event-stream" }, query)
      : world.as(null, query, variables),
  );
  expect(open.toSorted()).toEqual(["Query.can", "Query.canAll", "Query.viewer"]);
});
