/** In charge of the page to try queries with: in development only, and from our own files, so that it needs no internet. */
import type { YogaServerOptions } from "graphql-yoga";

const firstQuery = `# The header x-tenant chooses the tenant; a token goes into authorization.
# npm run -s portcullis -- token alice@acme.test --tenant acme
query Me {
  viewer {
    kind
    user { email }
    tenant { slug }
  }
}
`;

type Page = Pick<YogaServerOptions<object, object>, "graphiql" | "renderGraphiQL">;

/** Yoga's options for the page. The page is half a dozen megabytes, so it is loaded when somebody looks at it. */
export function graphiqlPage(isProduction: boolean): Page {
  if (isProduction) return { graphiql: false };
  return {
    graphiql: { title: "Portcullis", defaultQuery: firstQuery, headers: JSON.stringify({ "x-tenant": "acme" }) },
    renderGraphiQL: async (options) => (await import("@graphql-yoga/render-graphiql")).renderGraphiQL(options),
  };
}
