/** Where the Prisma command line finds the schema and the migrations, and which database it works on. */
import { defineConfig } from "prisma/config";

const url = process.env.DATABASE_ADMIN_URL;

export default defineConfig({
  schema: "prisma/schema",
  migrations: { path: "prisma/migrations" },
  ...(url ? { datasource: { url } } : {}),
});
