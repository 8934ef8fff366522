/** In charge of the printed contract, schema.graphql. */
import { printSchema } from "graphql";
import { schema } from "./index.js";
import { withScopeDirectives } from "./scope-directives.js";

const header =
  "# The contract of the gateway, printed by `npm run -s portcullis -- schema`. A test fails when it is stale.\n\n";

/** The schema as SDL, in a stable order, with what each field requires. */
export function printedSchema(): string {
  return `${header}${withScopeDirectives(printSchema(schema), schema)}\n`;
}
