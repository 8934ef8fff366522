/** In charge of what is refused before it can cost anything: forms of requests, sizes, and documents that unfold. */
import { describe, expect, it } from "vitest";
import { createTestGateway, graphqlRequest } from "../support/gateway.js";
import { keepDiary, toySchema } from "../support/toy-schema.js";

const diary = keepDiary();
const test = createTestGateway({
  schema: toySchema,
  sessions: diary.sessions,
  providerRows: async () => [],
  corsOrigins: ["https://app.example"],
});
const address = "http://gateway.test/graphql";
const post = (contentType: string, body: string) =>
  new Request(address, { method: "POST", headers: { "content-type": contentType }, body });

describe("an HTTP request", () => {
  it.each([
    ["a query by GET", new Request(`${address}?query={caller}`), 405, "METHOD_NOT_ALLOWED"],
    [
      "PUT",
      new Request(address, { method: "PUT", body: "{}", headers: { "content-type": "application/json" } }),
      405,
      "METHOD_NOT_ALLOWED",
    ],
    ["a form", post("application/x-www-form-urlencoded", "query=mutation{write}"), 415, "UNSUPPORTED_MEDIA_TYPE"],
    ["multipart", post("multipart/form-data; boundary=a", "--a--"), 415, "UNSUPPORTED_MEDIA_TYPE"],
    ["plain text", post("text/plain", '{"query":"{caller}"}'), 415, "UNSUPPORTED_MEDIA_TYPE"],
    ["a bare document", post("application/graphql", "{caller}"), 415, "UNSUPPORTED_MEDIA_TYPE"],
    ["JSON behind another media type", post("text/plain; a=application/json", "{}"), 415, "UNSUPPORTED_MEDIA_TYPE"],
    ["another charset", post("application/json; charset=latin1", "{}"), 415, "UNSUPPORTED_MEDIA_TYPE"],
    ["JSON that is none", post("application/json", "{"), 400, "GRAPHQL_PARSE_FAILED"],
    [
      "bytes that are not UTF-8",
      new Request(address, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: new Uint8Array([0xff]),
      }),
      400,
      "GRAPHQL_PARSE_FAILED",
    ],
    [
      "no body",
      new Request(address, { method: "POST", headers: { "content-type": "application/json" } }),
      400,
      "GRAPHQL_PARSE_FAILED",
    ],
    ["a batch", post("application/json", '[{"query":"{caller}"}]'), 400, "GRAPHQL_PARSE_FAILED"],
    [
      "variables that are a list",
      post("application/json", '{"query":"{caller}","variables":[]}'),
      400,
      "GRAPHQL_PARSE_FAILED",
    ],
    [
      "a body above 256 KB",
      post("application/json", JSON.stringify({ query: `{caller} #${" ".repeat(262_144)}` })),
      413,
      "PAYLOAD_TOO_LARGE",
    ],
    [
      "variables of 100,000 levels",
      post(
        "application/json",
        `{"query":"{caller}","variables":{"deep":${"[".repeat(100_000)}${"]".repeat(100_000)}}}`,
      ),
      400,
      "GRAPHQL_VALIDATION_FAILED",
    ],
  ])("is rejected: %s", async (_name, request, status, code) => {
    const answer = await test.send(request);
    expect([answer.status, answer.body.errors[0].extensions.code]).toEqual([status, code]);
  });

  it("names the method that is allowed", async () => {
    expect((await test.send(new Request(address))).headers.get("allow")).toBe("POST");
  });

  it("is allowed from the origins that were configured, and from no other", async () => {
    const from = (origin: string) => test.as(null, { origin }).query("{ caller }");
    expect((await from("https://app.example")).headers.get("access-control-allow-origin")).toBe("https://app.example");
    expect((await from("https://evil.example")).headers.get("access-control-allow-origin")).not.toBe(
      "https://evil.example",
    );
  });
});

const nested = (depth: number) => `{ ${"thing {".repeat(depth)} name ${"}".repeat(depth)} }`;
const times = (count: number, part: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => part(index)).join(" ");

/** n fragments, each spreading the next one twice: 2^n fields out of a kilobyte. */
function bomb(count: number): string {
  const fragments = times(
    count,
    (index) => `fragment f${index} on Thing { a: thing { ...f${index + 1} } b: thing { ...f${index + 1} } }`,
  );
  return `{ thing { ...f0 } } ${fragments} fragment f${count} on Thing { name }`;
}

/** The same without depth: the fragments spread each other at one level. */
function flatBomb(count: number): string {
  const fragments = times(
    count,
    (index) => `fragment f${index} on Thing { ...f${index + 1} ... on Thing { ...f${index + 1} } }`,
  );
  return `{ thing { ...f0 } } ${fragments} fragment f${count} on Thing { name }`;
}

describe("a document", () => {
  it.each([
    ["a fragment bomb of 25", bomb(25)],
    ["a fragment bomb of 15", bomb(15)],
    ["a flat fragment bomb of 25", flatBomb(25)],
    ["25 levels", nested(25)],
    ["400 levels", nested(400)],
    ["20,000 levels", nested(20_000)],
    ["101 aliases of __typename", `{ ${times(101, (index) => `a${index}: __typename`)} }`],
    ["500 times the same field", `{ ${"__typename ".repeat(500)} }`],
    ["51 root fields in fragments", `{ ...a ...a ...a } fragment a on Query { ${times(17, () => "caller")} }`],
    [
      "480 times the same sub-selection, which validation would compare in pairs",
      `{ thing { ${"thing { name } ".repeat(480)} } }`,
    ],
    ["51 directives", `{ caller ${"@include(if: true) ".repeat(51)} }`],
    ["an alias of 101 characters", `{ ${"a".repeat(101)}: caller }`],
    ["an operation whose name has 101 characters", `query ${"a".repeat(101)} { caller }`],
    ["32,769 characters", `{ caller }#${" ".repeat(32_769 - 11)}`],
    ["10,000 tokens", `{ ${"caller ".repeat(10_000)} }`],
    [
      "a bomb in a fragment that nothing spreads",
      `{ caller } ${nested(30).replace("{", "fragment unused on Query {")}`,
    ],
  ])("is rejected with 400 within 50 ms: %s", async (_name, query) => {
    await test.as(null).query("{ caller }");
    // Time of this process, not of the clock: the machine may be busy with other tests.
    const start = process.cpuUsage();
    const { status, body } = await test.as(null, { accept: "application/json" }).query(query);
    const { user, system } = process.cpuUsage(start);
    expect(body.errors).toEqual([
      { message: expect.any(String), extensions: { code: "GRAPHQL_VALIDATION_FAILED", reason: "TOO_LARGE" } },
    ]);
    expect([status, user + system < 50_000]).toEqual([400, true]);
  });

  it("is rejected for a fragment within itself, without an endless count", async () => {
    const { body } = await test.as(null).query("{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }");
    expect(body.errors[0].message).toContain("within itself");
  });

  it.each([
    ["20 levels", nested(19)],
    ["names of 100 characters", `query ${"a".repeat(100)} { ${"b".repeat(100)}: caller }`],
    ["32,768 characters", `{ caller }#${" ".repeat(32_768 - 11)}`],
    ["50 root fields", `{ ${times(50, () => "caller")} }`],
    [
      "fragments shared by many",
      `{ ${times(40, (index) => `t${index}: thing { ...f }`)} } fragment f on Thing { name thing { name } }`,
    ],
  ])("is allowed: %s", async (_name, query) => {
    const { status, body } = await test.as(null).query(query);
    expect([status, body.errors]).toEqual([200, undefined]);
  });
});

describe("health", () => {
  it("tells alive from ready, without a credential", async () => {
    const unready = createTestGateway({
      schema: toySchema,
      sessions: diary.sessions,
      providerRows: async () => [],
      isReady: async () => Promise.reject(new Error("down")),
    });
    expect((await unready.send(new Request("http://gateway.test/health/live"))).status).toBe(200);
    expect((await unready.send(new Request("http://gateway.test/health/ready"))).status).toBe(503);
    expect((await test.send(new Request("http://gateway.test/health/ready"))).body).toEqual({ status: "ok" });
  });

  it("is found out once for all who ask at the same moment, and anew for the next", async () => {
    let asked = 0;
    const isReady = async () => {
      asked += 1;
      await new Promise((resolve) => setTimeout(resolve, 50));
      return true;
    };
    const gateway = createTestGateway({
      schema: toySchema,
      sessions: diary.sessions,
      providerRows: async () => [],
      isReady,
    });
    const ask = async () => (await gateway.send(new Request("http://gateway.test/health/ready"))).status;
    expect(await Promise.all(Array.from({ length: 100 }, ask))).toEqual(Array(100).fill(200));
    expect([asked, await ask(), asked]).toEqual([1, 200, 2]);
  });
});

describe("GraphiQL", () => {
  const page = (isProduction: boolean) =>
    createTestGateway({ schema: toySchema, sessions: diary.sessions, providerRows: async () => [], isProduction }).send(
      new Request(address, { headers: { accept: "text/html" } }),
    );

  it("is shown in development, from our own files", async () => {
    const { status, body } = await page(false);
    expect(status).toBe(200);
    expect(body).not.toMatch(/<script[^>]+src=/);
  });

  it("is hidden in production", async () => {
    expect((await page(true)).status).toBeGreaterThanOrEqual(400);
  });
});

it("opens no session for anything that was rejected", () => {
  expect(diary.entries.filter((entry) => entry === "run")).toEqual([]);
});

it("keeps a request of the largest size whole", async () => {
  const operation = { query: "{ caller }", variables: { padding: "" } };
  const padding = " ".repeat(262_144 - JSON.stringify(operation).length);
  expect((await test.send(graphqlRequest({ ...operation, variables: { padding } }))).status).toBe(200);
});
