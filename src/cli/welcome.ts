/** In charge of the first steps that a development gateway prints when it has started. */
import { type DemoIssuer, signDemoToken } from "../auth/demo-issuer.js";
import { demoTokenLifetimeSeconds } from "./token.js";

const cast: readonly (readonly [email: string, who: string])[] = [
  ["alice@acme.test", "owns the tenant acme"],
  ["bob@acme.test", "a plain member of acme"],
  ["jane@acme.test", "sales manager and finance officer at campus/chicago"],
  ["erin@acme.test", "auditor of acme"],
  ["carol@globex.test", "owns the tenant globex"],
  ["ada@portcullis.test", "administers the platform"],
  ["mallory@nowhere.test", "belongs nowhere"],
];
const firstQuery = "{ viewer { kind user { email } tenant { slug } } }";

/** What the first steps are taken with. */
export interface DemoCredentials {
  readonly demoIssuer: DemoIssuer;
  /** The key of reports@acme.test. */
  readonly apiKey: string;
}

/** The text: who there is, a token and an API key that are ready, and a query to paste. */
export async function welcome(url: string, { demoIssuer, apiKey }: DemoCredentials): Promise<string> {
  const alice = { subject: "alice@acme.test", email: "alice@acme.test", tenant: "acme" };
  const token = await signDemoToken(demoIssuer, { ...alice, lifetimeSeconds: demoTokenLifetimeSeconds });
  const people = cast.map(([email, who]) => `  npm run -s portcullis -- token ${email.padEnd(22)} # ${who}`);
  return `
Portcullis listens on ${url}/graphql  (GraphiQL: the same address in a browser)

Tokens of the demo world:
${people.join("\n")}

One that is ready, for alice@acme.test in acme:
  ${token}

An API key, of the service reports@acme.test (header x-api-key):
  ${apiKey}

A first query:
  curl -s ${url}/graphql -H 'content-type: application/json' -H "authorization: Bearer $(npm run -s portcullis -- token alice@acme.test --tenant acme)" -d '${JSON.stringify({ query: firstQuery })}'

`;
}
