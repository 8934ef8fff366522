/** In charge of the guide to live changes being true: its calls are sent as they stand there, and answer what it says. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { useLiveGateway } from "../support/live-gateway.js";

const live = useLiveGateway();

const text = readFileSync(new URL("../../docs/guides/live.md", import.meta.url), "utf8");
const calls = [...text.matchAll(/token (\S+)\)" \\\n\s+-d '(.*)'/g)].map(([, email = "", body = ""]) => ({
  email,
  query: JSON.parse(body).query as string,
}));
const told = [...text.matchAll(/^data: (.*)$/gm)].map(([, data = ""]) => JSON.parse(data));

describe("the guide to live changes", () => {
  it("tells its subscriber what it says, at once, and what the other call gives her", async () => {
    const [subscribe, change] = calls;
    if (subscribe === undefined || change === undefined) throw new TypeError("The guide has two calls.");
    const stream = await live.follow(subscribe.email, subscribe.query);
    expect(await stream.next()).toEqual(told[0]);
    await live.ask(change.email, change.query);
    expect(JSON.stringify(await stream.next())).toContain('{"feature":"view_sales_page","scope":"campus/miami"}');
    stream.hangUp();
  });

  it("has a subscription to the audit that is one", async () => {
    const [, query = ""] = /```graphql\n(.*?)```/s.exec(text) ?? [];
    const stream = await live.follow("alice@acme.test", query.replace('(after: "AuditEvent:…")', ""));
    await live.ask("alice@acme.test", 'mutation { createGroup(input: { name: "Guided" }) { group { id } } }');
    const { data } = await stream.next();
    expect(data.auditEvents.nodes).toMatchObject([{ action: "group_created", actor: { email: "alice@acme.test" } }]);
    stream.hangUp();
  });
});
