/** In charge of the printed contract, schema.graphql. */
import { printSchema } from "graphql";
import { schema } from "./index.js";

const header =
  "# The contract of the gateway, printed by `npm run -s portcullis -- schema`. A test fails when it is stale.\n\n";

/** The schema as SDL, in a stable order. */
export function printedSchema(): string {
  return `${header}${printSchema(schema)}\n`;
}
