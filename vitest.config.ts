/** How the tests run: one PostgreSQL for the whole run, a process for each file. */
import { defineConfig } from "vitest/config";

export default defineConfig({
  // Vite would take graphql's "module" build while Yoga and Pothos, outside of it, take "main": two graphqls in one process.
  resolve: { alias: [{ find: /^graphql$/, replacement: "graphql/index.js" }] },
  test: {
    include: ["test/**/*.test.ts"],
    pool: "forks",
    globalSetup: ["test/support/global-setup.ts"],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    reporters: process.env.CI ? ["default"] : ["dot"],
  },
});
