/** In charge of default deny: a schema with one field that doesn't say who may read it is never built. */
import SchemaBuilder, { BasePlugin, type PothosOutputFieldConfig, type SchemaTypes } from "@pothos/core";
import { StartupError } from "../errors.js";
import { grantedByRow, scopeNames } from "./scopes.js";

const pluginName = "defaultDeny";

declare global {
  export namespace PothosSchemaTypes {
    export interface Plugins<Types extends SchemaTypes> {
      [pluginName]: DefaultDenyPlugin<Types>;
    }
  }
}

/** Looks at every output field of every type while the schema is built, and stops with a StartupError at the first open one. */
export class DefaultDenyPlugin<Types extends SchemaTypes> extends BasePlugin<Types> {
  override beforeBuild(): void {
    const options: { readonly disableScopeAuth?: boolean } = this.options;
    if (options.disableScopeAuth) refuse("The schema", "is built with disableScopeAuth", "Remove disableScopeAuth.");
  }

  override onOutputFieldConfig(field: PothosOutputFieldConfig<Types>): PothosOutputFieldConfig<Types> {
    const coordinate = `${field.parentType}.${field.name}`;
    const options = field.pothosOptions as FieldOptions;
    refuseSkips(coordinate, options);
    for (const [name, value] of scopesOf(coordinate, options)) refuseScope(coordinate, name, value);
    if (grantedByRow in (options.authScopes ?? {})) this.#refuseUngranted(coordinate, field.parentType);
    return field;
  }

  #refuseUngranted(coordinate: string, typeName: string): void {
    const type = this.buildCache.getTypeConfig(typeName);
    const { grantScopes } = type.pothosOptions as { readonly grantScopes?: unknown };
    if (typeof grantScopes === "function") return;
    refuse(coordinate, `waits for a grant that ${typeName} never gives`, `Give ${typeName} grantScopes.`);
  }
}

interface FieldOptions {
  readonly authScopes?: object;
  readonly skipTypeScopes?: boolean;
  readonly skipInterfaceScopes?: boolean;
}

function scopesOf(coordinate: string, { authScopes }: FieldOptions): readonly (readonly [string, unknown])[] {
  if (typeof authScopes === "function") {
    refuse(
      coordinate,
      "decides its scopes in a function, which nobody can read off the schema",
      "Declare them as an object.",
    );
  }
  const scopes = Object.entries(authScopes ?? {});
  if (scopes.length === 0) {
    refuse(coordinate, "declares no field scope", "Give it authScopes, for everybody { public: true }.");
  }
  return scopes;
}

function refuseScope(coordinate: string, name: string, value: unknown): void {
  if (!scopeNames.has(name)) {
    refuse(coordinate, `asks for the unknown field scope "${name}"`, `Use one of: ${[...scopeNames].join(", ")}.`);
  }
  const isAsked = name === grantedByRow ? typeof value === "string" && value !== "" : value === true;
  if (!isAsked) {
    refuse(
      coordinate,
      `asks for "${name}" with ${JSON.stringify(value) ?? "undefined"}, which asks for nothing`,
      `Ask with true.`,
    );
  }
}

function refuseSkips(coordinate: string, { skipTypeScopes, skipInterfaceScopes }: FieldOptions): void {
  if (skipTypeScopes || skipInterfaceScopes) {
    refuse(coordinate, "skips the scopes of its type", "Remove skipTypeScopes and skipInterfaceScopes.");
  }
}

function refuse(coordinate: string, problem: string, mend: string): never {
  throw new StartupError(`${coordinate} ${problem}.`, mend);
}

SchemaBuilder.registerPlugin(pluginName, DefaultDenyPlugin);

/** The name under which the builder lists the plugin. */
export const defaultDeny = pluginName;
