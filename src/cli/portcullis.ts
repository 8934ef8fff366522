#!/usr/bin/env node
/** In charge of the command line: which commands there are, and which file does each. */
import { parseArgs } from "node:util";
import { type Config, readConfig } from "../config.js";
import { StartupError } from "../errors.js";
import { orExplain } from "./or-explain.js";

interface Arguments {
  readonly positionals: readonly string[];
  readonly tenant: string | undefined;
  readonly preset: string | undefined;
  readonly feature: readonly string[];
  readonly scope: string | undefined;
  readonly name: string | undefined;
  readonly user: string | undefined;
  readonly json: boolean;
}

interface Command {
  readonly usage: string;
  readonly summary: string;
  /** Loads the command's own file, so that printing a token doesn't load a database. */
  readonly run: (config: Config, args: Arguments) => Promise<void>;
}

const commands: Readonly<Record<string, Command>> = {
  start: {
    usage: "start",
    summary: "serve until Ctrl-C",
    run: async (config) => (await import("./serve-until-signal.js")).serveUntilSignal(config),
  },
  migrate: {
    usage: "migrate",
    summary: "bring roles and tables up to date",
    run: async (config) => (await import("./migrate.js")).migrateDatabase(config),
  },
  seed: {
    usage: "seed [--preset <name> [--tenant <slug>]]",
    summary: "write the demo world, once, or a preset",
    run: async (config, args) => (await import("./seed.js")).seedDatabase(config, args),
  },
  token: {
    usage: "token <email> [--tenant <slug>] | explain <jwt>",
    summary: "print a development token, or explain one",
    run: async (config, { positionals: [email, token], tenant }) => {
      if (email === "explain" && token !== undefined)
        return await (await import("./explain-token.js")).printExplanation(config, token);
      if (email === undefined)
        throw new StartupError("A token is for somebody.", "portcullis token <email> [--tenant <slug>]");
      await (await import("./token.js")).printToken(config, { email, tenant });
    },
  },
  key: {
    usage: "key <email> --tenant <slug> --feature <code>…",
    summary: "make an API key (--scope <type/key>, --name <name>)",
    run: async (config, { positionals: [email], tenant, feature, scope, name }) => {
      if (email === undefined || tenant === undefined)
        throw new StartupError("A key is a member's.", "portcullis key <email> --tenant <slug> --feature <code>");
      const request = { email, tenant, features: feature, scope: scope ?? null, name: name ?? "Made by an operator" };
      await (await import("./key.js")).printKey(config, request);
    },
  },
  explain: {
    usage: "explain <feature> <scope> --user <email>",
    summary: "tell why somebody may, or what is missing (--tenant <slug>)",
    run: async (config, { positionals: [feature, scope], user, tenant }) => {
      if (feature === undefined || scope === undefined || user === undefined)
        throw new StartupError("Why who may what, where?", "portcullis explain <feature> <type/key> --user <email>");
      await (await import("./explain.js")).printWhy(config, { feature, scope, user, tenant: tenant ?? null });
    },
  },
  "verify-audit": {
    usage: "verify-audit",
    summary: "tell whether the audit still is what was sealed",
    run: async (config) => (await import("./verify-audit.js")).verifyAudit(config),
  },
  protect: {
    usage: "protect",
    summary: "write the migration of every new or changed declaration",
    run: async () => (await import("./protect.js")).protectTables(),
  },
  doctor: {
    usage: "doctor [--json]",
    summary: "tell what is not right with the database, and the SQL that mends it",
    run: async (config, { json }) => (await import("./doctor.js")).examineDatabase(config, { isJson: json }),
  },
  schema: {
    usage: "schema",
    summary: "print the GraphQL schema",
    run: async () => (await import("./schema.js")).printContract(),
  },
};

await orExplain(async () => {
  const { name, help, args } = readArguments();
  const command = name === undefined || help ? undefined : commands[name];
  if (command !== undefined) return await command.run(readConfig(), args);
  if (name !== undefined && !help) throw new StartupError(`There is no command "${name}".`, `One of:\n${usage()}`);
  process.stdout.write(`portcullis <command>\n\n${usage()}\n`);
});

function readArguments() {
  try {
    const options = {
      tenant: { type: "string" },
      preset: { type: "string" },
      feature: { type: "string", multiple: true },
      scope: { type: "string" },
      name: { type: "string" },
      user: { type: "string" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", short: "h" },
    } as const;
    const { values, positionals } = parseArgs({ allowPositionals: true, options });
    const [name, ...rest] = positionals;
    return {
      name,
      help: values.help === true,
      args: {
        positionals: rest,
        tenant: values.tenant,
        preset: values.preset,
        feature: values.feature ?? [],
        scope: values.scope,
        name: values.name,
        user: values.user,
        json: values.json,
      },
    };
  } catch (cause) {
    throw new StartupError(cause instanceof Error ? cause.message : String(cause), `One of:\n${usage()}`, { cause });
  }
}

function usage(): string {
  return Object.values(commands)
    .map(({ usage, summary }) => `  ${usage.padEnd(42)} ${summary}`)
    .join("\n");
}
