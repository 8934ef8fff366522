/**
 * Prints the SQL of the next migration: from the database behind --from <url>, or from nothing, to the Prisma schema.
 *   npx tsx scripts/print-migration.ts [--from postgres://…]
 */
import { parseArgs } from "node:util";
import { sqlFromDatabase, sqlFromEmpty } from "../src/database/schema-diff.js";

const { from } = parseArgs({ options: { from: { type: "string" } } }).values;
process.stdout.write(from === undefined ? await sqlFromEmpty() : await sqlFromDatabase(from));
