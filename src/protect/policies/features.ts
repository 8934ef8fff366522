/** In charge of the features that a declaration names: a new table brings its own, so that somebody can hold them. */
import type { Command } from "../declaration.js";
import type { Protection } from "./protection.js";
import { literal } from "./spelling.js";

/** A feature to be, below another. */
export interface Feature {
  readonly code: string;
  readonly parent: string;
  readonly description: string;
}

const descriptions: { readonly [C in Command]: (plural: string) => string } = {
  read: (plural) => `See ${plural} of others.`,
  create: (plural) => `Create ${plural} at a scope.`,
  update: (plural) => `Edit ${plural} of others.`,
  delete: (plural) => `Delete ${plural} of others.`,
  share: (plural) => `Share ${plural} of others.`,
};

/** The features of a table's commands and fields, each after the one above it. */
export function featuresOf(protection: Protection): readonly Feature[] {
  const { commands, featureOf, plural, fieldFeatures } = protection;
  const named = [
    ...[...commands].map((command) => [featureOf(command), descriptions[command](plural)] as const),
    ...fieldFeatures.map(
      ({ feature, fields }) => [feature, `Use the ${fields.join(" and the ")} of ${plural}.`] as const,
    ),
  ];
  const found = new Map<string, Feature>();
  for (const [code, description] of named) {
    const above = code.includes(".") ? code.slice(0, code.lastIndexOf(".")) : null;
    if (above !== null && !found.has(above))
      found.set(above, { code: above, parent: parentOf(above), description: `Everything about ${plural}.` });
    if (!found.has(code)) found.set(code, { code, parent: above ?? "*", description });
  }
  return [...found.values()];
}

function parentOf(code: string): string {
  return code.includes(".") ? code.slice(0, code.lastIndexOf(".")) : "*";
}

/** Writes them, those that are there already left alone. Below `*` where the one above isn't there. */
export function writeFeatures(features: readonly Feature[]): string {
  const rows = features.map(
    ({ code, parent, description }) => `insert into iam.features (code, parent_id, description)
select ${literal(code)}, id, ${literal(description)}
from iam.features
where code in (${literal(parent)}, '*')
order by code = '*'
limit 1
on conflict do nothing;
`,
  );
  return `set local role iam_definer;\n\n${rows.join("\n")}\nreset role;\n`;
}
