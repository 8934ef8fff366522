/** In charge of opening one field of the schema at a time to everybody, and of who notices. */
import type { GraphQLSchema } from "graphql";
import { builder } from "../../src/builder/builder.js";
import { DefaultDenyPlugin } from "../../src/builder/default-deny.js";
import { createPool } from "../../src/database/pool.js";
import { createSessions } from "../../src/database/session.js";
import { schema } from "../../src/schema/index.js";
import { startGateway } from "../../test/property/ask-gateway.js";
import { compareWithGateway } from "../../test/property/compare-gateway.js";
import { createTestGateway } from "../../test/support/gateway.js";
import { openToNobody, rootFields } from "../../test/support/root-fields.js";
import type { Arena } from "./kill.js";

/** A field that asks something of the caller. */
export interface SchemaMutant {
  readonly name: string;
  /** `Query.todos` */
  readonly coordinate: string;
}

interface Field {
  readonly parentType: string;
  readonly name: string;
  readonly pothosOptions: { readonly authScopes?: Readonly<Record<string, unknown>> };
}

// The first of the builder's plugins: what it hands on is what all others build with.
const plugin = DefaultDenyPlugin.prototype as unknown as { onOutputFieldConfig: (field: Field) => Field };

/** Every field whose scope is more than that its row may be read. A subscription is held to it by test/gateway/nobody.test.ts. */
export function listSchemaMutants(): readonly SchemaMutant[] {
  const asking: string[] = [];
  build((field) => {
    const { authScopes = {} } = field.pothosOptions;
    const isRule = !("public" in authScopes) && !("row" in authScopes);
    if (isRule && field.parentType !== "Subscription") asking.push(`${field.parentType}.${field.name}`);
    return field;
  });
  return asking.map((coordinate) => ({ name: `${coordinate}: open to everybody`, coordinate }));
}

/** Says what noticed that the field is open; null when nothing did. */
export async function killField(
  { cluster, worlds, stage }: Arena,
  { coordinate }: SchemaMutant,
): Promise<string | null> {
  const opened = build((field) =>
    `${field.parentType}.${field.name}` === coordinate
      ? { ...field, pothosOptions: { ...field.pothosOptions, authScopes: { public: true } } }
      : field,
  );
  const fields = rootFields(opened).filter(({ name }) => name === coordinate);
  const open = await openToNobody(fields, ({ query, variables }) =>
    createTestGateway({ schema: opened, sessions: nowhere, providerRows: async () => [] })
      .as(null)
      .query(query, variables),
  );
  if (open.length > 0) return "nobody: is let in without a credential";
  const database = await cluster.clone(stage);
  const whole = await startGateway(database.url, opened);
  try {
    for (const stored of worlds) {
      const [first] = (await compareWithGateway(whole, stored, 6)).disagreements;
      if (first !== undefined) return `worlds over HTTP: ${first}`;
    }
    return null;
  } finally {
    await whole.close();
    await database.drop();
  }
}

// Whoever is let in gets an error of the server's: there is no database behind it.
const nowhere = createSessions(
  createPool({ url: "postgres://127.0.0.1:1/none", size: 1, acquireTimeoutMillis: 100, prepare: false }),
);

function build(change: (field: Field) => Field): GraphQLSchema {
  const original = plugin.onOutputFieldConfig;
  plugin.onOutputFieldConfig = function changed(field: Field): Field {
    return original.call(this, change(field));
  };
  try {
    return schema && builder.toSchema();
  } finally {
    plugin.onOutputFieldConfig = original;
  }
}
