/** In charge of keeping the schema to ourselves where it is nobody's business: no introspection in production. */
import { NoSchemaIntrospectionCustomRule } from "graphql";
import type { Plugin } from "graphql-yoga";

/** Refuses `__schema` and `__type` in production. */
export function useIntrospection(isProduction: boolean): Plugin {
  return {
    onValidate({ addValidationRule }) {
      if (isProduction) addValidationRule(NoSchemaIntrospectionCustomRule);
    },
  };
}
