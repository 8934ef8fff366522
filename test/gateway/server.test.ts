/** In charge of what only a socket can show: repeated headers, endless bodies, hanging up, and stopping in order. */
import { request as httpRequest, type IncomingMessage, type RequestOptions } from "node:http";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { StartupError } from "../../src/errors.js";
import { listen, type RunningServer } from "../../src/http/server.js";
import { createTestGateway } from "../support/gateway.js";
import { createTestIssuer } from "../support/tokens.js";
import { type Diary, keepDiary, toySchema } from "../support/toy-schema.js";

const issuer = await createTestIssuer();
let diary: Diary;
let server: RunningServer;
let beforeRun: () => Promise<void> = async () => {};

beforeAll(async () => {
  diary = keepDiary({ beforeRun: () => beforeRun() });
  const { gateway } = createTestGateway({
    schema: toySchema,
    sessions: diary.sessions,
    providerRows: async () => [issuer.row],
  });
  server = await listen(gateway, { host: "127.0.0.1", port: 0 });
});
afterAll(() => server.stop(0));

/** Sends bytes as they are and reads until the server closes. */
function sendRaw(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(server.url).port), "127.0.0.1", () => socket.write(text));
    let answer = "";
    socket.setEncoding("utf8").on("data", (chunk) => {
      answer += chunk;
    });
    socket.on("close", () => resolve(answer)).on("error", reject);
  });
}

function post(options: RequestOptions, body: string): Promise<{ readonly status: number; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json", ...options.headers };
    const sent = httpRequest(
      `${server.url}/graphql`,
      { method: "POST", ...options, headers },
      async (response: IncomingMessage) => {
        let text = "";
        for await (const chunk of response) text += chunk;
        resolve({ status: response.statusCode ?? 0, body: text });
      },
    );
    sent.on("error", reject).end(body);
  });
}

const ask = (query: string) => JSON.stringify({ query });
const raw = (headers: string, body: string) =>
  `POST /graphql HTTP/1.1\r\nHost: gateway.test\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n${headers}\r\n${body}`;

describe("the server", () => {
  it("allows a query over a socket", async () => {
    expect(await post({}, ask("{ thing { name } }"))).toMatchObject({
      status: 200,
      body: '{"data":{"thing":{"name":"outer"}}}',
    });
  });

  it("rejects two Authorization headers, the first of which is good", async () => {
    const good = await issuer.sign();
    const answer = await sendRaw(
      raw(`Authorization: Bearer ${good}\r\nAuthorization: Bearer a.b.c\r\n`, ask("{ caller }")),
    );
    expect(answer).toMatch(/^HTTP\/1\.1 401 /);
    expect(answer).toContain('"TWO_CREDENTIALS"');
    expect(answer.toLowerCase()).toContain("www-authenticate: bearer");
  });

  it("rejects a chunked body as soon as it is too large, and goes on serving", async () => {
    const chunk = `10000\r\n${"x".repeat(0x10000)}\r\n`;
    const head =
      "POST /graphql HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
    const answer = await sendRaw(head + chunk.repeat(5)).catch((error: NodeJS.ErrnoException) => error.code);
    expect(answer).toMatch(/413|ECONNRESET|EPIPE/);
    expect((await post({}, ask("{ __typename }"))).status).toBe(200);
  });

  it("rejects a Content-Length that is too large without waiting for the body", async () => {
    const head =
      "POST /graphql HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: 99999999\r\n\r\n";
    expect(await sendRaw(`${head}{`)).toMatch(/^HTTP\/1\.1 413 /);
  });

  it("tells resolvers the address a request came from", async () => {
    const { body } = await post({ headers: { "user-agent": "test/1" } }, ask("{ context }"));
    expect(JSON.parse(JSON.parse(body).data.context).request).toEqual({ ip: "127.0.0.1", userAgent: "test/1" });
  });

  it("rolls a mutation back when the client hangs up in the middle of it", async () => {
    diary.entries.length = 0;
    let hangUp = () => {};
    const controller = new AbortController();
    beforeRun = async () => {
      hangUp = () => controller.abort();
      hangUp();
      await new Promise((resolve) => setTimeout(resolve, 50));
    };
    await post({ signal: controller.signal }, ask("mutation { write }")).catch(() => null);
    await expect.poll(() => diary.entries).toEqual(["rollback"]);
    beforeRun = async () => {};
  });

  it("finishes what is under way before it stops, and takes nothing new", async () => {
    const { gateway } = createTestGateway({
      schema: toySchema,
      sessions: diary.sessions,
      providerRows: async () => [],
    });
    const other = await listen(gateway, { host: "127.0.0.1", port: 0 });
    beforeRun = () => new Promise((resolve) => setTimeout(resolve, 150));
    const answer = fetch(`${other.url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: ask("{ many }"),
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    const stopped = other.stop(5_000);
    await expect(fetch(other.url)).rejects.toThrow();
    expect(await (await answer).json()).toEqual({ data: { many: "0" } });
    await stopped;
    beforeRun = async () => {};
  });

  it("refuses a port that is taken, and says what to do", async () => {
    const port = Number(new URL(server.url).port);
    const refusal = await listen(() => {}, { host: "127.0.0.1", port }).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(StartupError);
    expect(refusal).toMatchObject({
      message: `Port ${port} of 127.0.0.1 is taken.`,
      mend: expect.stringContaining("PORT"),
    });
  });
});
