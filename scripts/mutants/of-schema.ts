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
import type { FieldMutant } from "./mutant.js";
import type { Trial } from "./trials.js";
import type { Workbench } from "./workbench.js";

interface Field {
  readonly parentType: string;
  readonly name: string;
  readonly pothosOptions: { readonly authScopes?: Readonly<Record<string, unknown>> };
}

// The first of the builder's plugins: what it hands on is what all others build with.
const plugin = DefaultDenyPlugin.prototype as unknown as { onOutputFieldConfig: (field: Field) => Field };

/** Every field whose scope is more than that its row may be read. A subscription is held to it by test/gateway/nobody.test.ts. */
export function ofSchema(): readonly FieldMutant[] {
  const asking: FieldMutant[] = [];
  build((field) => {
    const { authScopes = {} } = field.pothosOptions;
    const isRule = !("public" in authScopes) && !("row" in authScopes);
    const coordinate = `${field.parentType}.${field.name}`;
    if (isRule && field.parentType !== "Subscription")
      asking.push({
        name: `${coordinate}: open to everybody`,
        kind: "fields",
        coordinate,
        asks: JSON.stringify(authScopes),
      });
    return field;
  });
  return asking;
}

/** Who may notice that a field is open: somebody without a credential, and worlds that are asked over HTTP. */
export function fieldTrials({ worlds }: Workbench, { coordinate }: FieldMutant): readonly Trial[] {
  const opened = build((field) =>
    `${field.parentType}.${field.name}` === coordinate
      ? { ...field, pothosOptions: { ...field.pothosOptions, authScopes: { public: true } } }
      : field,
  );
  return [nobody(opened, coordinate), ...worlds.map((_, n) => inWorldOverHttp(opened, n))];
}

function nobody(opened: GraphQLSchema, coordinate: string): Trial {
  return {
    id: "nobody",
    run: async () => {
      const fields = rootFields(opened).filter(({ name }) => name === coordinate);
      const open = await openToNobody(fields, ({ query, variables }) =>
        createTestGateway({ schema: opened, sessions: nowhere, providerRows: async () => [] })
          .as(null)
          .query(query, variables),
      );
      return open.length > 0 ? "nobody: is let in without a credential" : null;
    },
  };
}

function inWorldOverHttp(opened: GraphQLSchema, n: number): Trial {
  return {
    id: `world ${n} over HTTP`,
    run: async ({ stage, worlds }) => {
      const stored = worlds[n];
      if (stored === undefined) return null;
      const whole = await startGateway(stage.url, opened);
      try {
        const [first] = (await compareWithGateway(whole, stored, 6)).disagreements;
        return first === undefined ? null : `worlds over HTTP: ${first}`;
      } finally {
        await whole.close();
      }
    },
  };
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
