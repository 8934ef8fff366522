/** In charge of the pure parts of a session: its opening statements, its parameters and its rows. */
import { describe, expect, test } from "vitest";
import { toWireValue } from "../../src/database/parameters.js";
import { countRows, readRows } from "../../src/database/rows.js";
import { openingStatements, type SessionOptions, settingsFor } from "../../src/database/settings.js";
import { callerNamed } from "../support/sessions.js";

const options: SessionOptions = { mode: "read", isSingleStatement: true, changesAuthority: false, requestId: "r-1" };
const limits = { statementTimeoutMillis: 1, lockTimeoutMillis: 2, idleInTransactionTimeoutMillis: 3 };
const nobody = { kind: "anonymous", tenant: "acme" } as const;

describe("the settings of a session", () => {
  test("tell the facts of the credential and nothing else", () => {
    const caller = { ...callerNamed("alice"), tenant: "acme", actAs: "bob@acme.test" };
    expect(Object.fromEntries(settingsFor(caller, { ...options, mode: "write" }, limits))).toEqual({
      "app.issuer": "https://issuer.test",
      "app.subject": "alice",
      "app.key_id": "",
      "app.key_hash": "",
      "app.tenant": "acme",
      "app.act_as": "bob@acme.test",
      "app.request_id": "r-1",
      "app.ip_address": "",
      "app.user_agent": "",
      "app.lock": "shared",
      statement_timeout: "1",
      lock_timeout: "2",
      idle_in_transaction_session_timeout: "3",
      timezone: "UTC",
      plan_cache_mode: "force_generic_plan",
    });
  });

  test("are empty, not left out, for an anonymous caller", () => {
    const settings = Object.fromEntries(settingsFor(nobody, options, limits));
    expect(settings).toMatchObject({
      "app.issuer": "",
      "app.subject": "",
      "app.key_id": "",
      "app.key_hash": "",
      "app.act_as": "",
      "app.tenant": "acme",
      "app.lock": "none",
    });
  });

  test("end with the role, are local to the transaction, and carry every value as a parameter", () => {
    const hostile = { ...callerNamed("'; drop table users; --"), tenant: "$1" };
    for (const isExplicit of [true, false]) {
      const statements = openingStatements(settingsFor(hostile, options, limits), hostile, {
        mode: "read",
        isExplicit,
      });
      expect(statements.map((statement) => statement.sql).join()).not.toMatch(/drop table|, false\)/);
      expect(statements.at(-1)).toEqual({ sql: "select set_config('role', $1, true)", parameters: ["web_user"] });
    }
    expect(openingStatements([], nobody, { mode: "read", isExplicit: false }).at(-1)?.parameters).toEqual(["web_anon"]);
  });

  test("make an implicit transaction read only", () => {
    const [settings] = openingStatements(settingsFor(nobody, options, limits), nobody, {
      mode: "read",
      isExplicit: false,
    });
    expect(settings?.sql).toContain("set_config('transaction_read_only', $16, true)");
    expect(settings?.parameters.at(-1)).toBe("on");
  });
});

describe("the origin of a request", () => {
  const settingsOf = (ip: string | null, userAgent: string | null) =>
    Object.fromEntries(settingsFor(nobody, { ...options, origin: { ip, userAgent } }, limits));

  test.each([
    ["10.0.0.1", "10.0.0.1"],
    ["::ffff:10.0.0.1", "10.0.0.1"],
    ["fe80::1%eth0", "fe80::1"],
    ["2001:db8::7", "2001:db8::7"],
    ["unknown", ""],
    ["10.0.0.1, 10.0.0.2", ""],
    ["10.0.0.1/8", ""],
    ["", ""],
    [null, ""],
  ])("tells the address %j as %j", (ip, told) => {
    expect(settingsOf(ip, null)).toMatchObject({ "app.ip_address": told });
  });

  test.each([
    ["curl/8.1", "curl/8.1"],
    ['"}\r\n{"code":50901}\u0000\u0085', '"} {"code":50901}'],
    ["x".repeat(9_000), "x".repeat(512)],
    [" \t ", ""],
    [null, ""],
  ])("tells the user agent %j as one line, %j", (userAgent, told) => {
    expect(settingsOf(null, userAgent)).toMatchObject({ "app.user_agent": told });
  });
});

describe("a parameter", () => {
  test.each([
    [null, null],
    [undefined, null],
    ["", ""],
    [0, "0"],
    [12345678901234567890n, "12345678901234567890"],
    [false, "false"],
    [new Date("2026-01-02T03:04:05.006+02:00"), "2026-01-02T01:04:05.006Z"],
    [{ a: [1, "x"] }, '{"a":[1,"x"]}'],
    [["a", 'b"\\', null, "", "NULL", "{}"], '{"a","b\\"\\\\",NULL,"","NULL","{}"}'],
    [[[1, 2], [3]], '{{"1","2"},{"3"}}'],
    [[], "{}"],
    [[Buffer.from([1, 255])], '{"\\\\x01ff"}'],
    [new Uint8Array([1, 2]), Buffer.from([1, 2])],
  ])("writes %s as %s", (value, wire) => {
    expect(toWireValue(value)).toEqual(wire);
  });
});

describe("a row", () => {
  const answer = (columns: readonly (readonly [string, number])[], ...rows: readonly (string | null)[][]) => ({
    columns: columns.map(([name, dataTypeID]) => ({ name, dataTypeID })),
    rows,
    tag: `SELECT ${rows.length}`,
  });

  test("reads times as to_json writes them, big numbers as text, json as values", () => {
    const columns = [
      ["at", 1184],
      ["on", 1082],
      ["big", 20],
      ["amount", 1700],
      ["small", 23],
      ["yes", 16],
      ["doc", 3802],
      ["names", 1009],
    ] as const;
    const texts = [
      "2026-01-02 03:04:05.123456+00",
      "2026-01-02",
      "9007199254740993",
      "1.10",
      "7",
      "t",
      '{"a":[1]}',
      "{a,NULL}",
    ];
    expect(readRows(answer(columns, texts))).toEqual([
      {
        at: "2026-01-02T03:04:05.123456+00:00",
        on: "2026-01-02",
        big: "9007199254740993",
        amount: "1.10",
        small: 7,
        yes: true,
        doc: { a: [1] },
        names: ["a", null],
      },
    ]);
    expect(
      readRows(
        answer(
          columns,
          columns.map(() => null),
        ),
      )[0],
    ).toMatchObject({ at: null, doc: null });
  });

  test.each([
    ["INSERT 0 3", 3],
    ["UPDATE 2", 2],
    ["SELECT 0", 0],
    ["COMMIT", 0],
    ["", 0],
  ])("counts %j as %i", (tag, count) => {
    expect(countRows({ columns: [], rows: [], tag })).toBe(count);
  });
});
