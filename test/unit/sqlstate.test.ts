/** In charge of the table from SQLSTATE to error: every row of it, and that no text of PostgreSQL gets through. */
import { describe, expect, test } from "vitest";
import { translateDatabaseError } from "../../src/database/sqlstate.js";
import { GatewayError } from "../../src/errors.js";

const raised = (code: string, detail?: string) =>
  Object.assign(new Error(`secret text of ${code}`), {
    code,
    severity: "ERROR",
    ...(detail === undefined ? {} : { detail }),
  });

const table: readonly (readonly [string, string])[] = [
  ["42501", "FORBIDDEN"],
  ["23505", "CONFLICT"],
  ["23503", "CONFLICT"],
  ["23P01", "CONFLICT"],
  ["23514", "BAD_USER_INPUT"],
  ["23502", "BAD_USER_INPUT"],
  ["22P02", "BAD_USER_INPUT"],
  ["22021", "BAD_USER_INPUT"],
  ["40001", "CONFLICT"],
  ["40P01", "CONFLICT"],
  ["55P03", "CONFLICT"],
  ["57014", "TIMEOUT"],
  ["53300", "UNAVAILABLE"],
  ["08006", "UNAVAILABLE"],
  ["08P01", "UNAVAILABLE"],
  ["57P01", "UNAVAILABLE"],
  ["42P01", "INTERNAL_SERVER_ERROR"],
  ["XX000", "INTERNAL_SERVER_ERROR"],
  ["52999", "INTERNAL_SERVER_ERROR"],
];

const reasons: readonly (readonly [string, readonly number[]])[] = [
  ["FORBIDDEN", [52104, 52105, 52106, 52107, 52108, 52109, 52110, 52112, 52172, 52173, 52175, 52176, 52178]],
  ["FORBIDDEN", [52271, 52279, 52280, 52281]],
  ["NOT_FOUND", [52103, 52111, 52171, 52177, 52179, 52275, 52277]],
  ["CONFLICT", [52101, 52102, 52276]],
  ["BAD_USER_INPUT", [52174, 52272, 52273, 52274, 52278]],
];

describe("the table of SQLSTATEs", () => {
  test.each(table)("reads %s as %s and hides PostgreSQL's text", (sqlstate, code) => {
    const error = translateDatabaseError(raised(sqlstate, '{"leak":"yes"}'));
    expect(error.code).toBe(code);
    expect(JSON.stringify(error)).not.toMatch(/secret|leak/);
  });

  test.each(["40001", "40P01", "55P03"])("tells that %s may be tried again", (sqlstate) => {
    expect(translateDatabaseError(raised(sqlstate)).extensions).toMatchObject({ retryable: true });
  });

  test("gives every collision the same text, so that nobody learns what it collided with", () => {
    const texts = ["23505", "23503", "23P01"].map((sqlstate) => translateDatabaseError(raised(sqlstate)).message);
    expect(new Set(texts).size).toBe(1);
  });

  test.each(reasons.flatMap(([code, numbers]) => numbers.map((number) => [number, code] as const)))(
    "passes on reason %i as %s",
    (reason, code) => {
      const error = translateDatabaseError(raised(String(reason), '{"requires":"todos.update"}'));
      expect(error).toMatchObject({
        code,
        reason,
        message: `secret text of ${reason}`,
        extensions: { requires: "todos.update" },
      });
    },
  );

  test.each([
    ["PT400", "BAD_USER_INPUT"],
    ["PT401", "UNAUTHENTICATED"],
    ["PT403", "FORBIDDEN"],
    ["PT404", "NOT_FOUND"],
    ["PT409", "CONFLICT"],
  ])("passes on the text of %s as %s", (sqlstate, code) => {
    expect(translateDatabaseError(raised(sqlstate, "no json"))).toMatchObject({
      code,
      message: `secret text of ${sqlstate}`,
    });
  });

  test("answers FORBIDDEN to every reason that refuses to open a session, and no data may forge the code", () => {
    expect(translateDatabaseError(raised("52103"), "open")).toMatchObject({ code: "FORBIDDEN", reason: 52103 });
    const forged = translateDatabaseError(raised("PT403", '{"code":"OK","http":{"status":200},"reason":1}'));
    expect(forged.extensions).toMatchObject({ code: "FORBIDDEN", http: { status: 403 } });
  });

  test("masks what is no error of PostgreSQL, and leaves our own errors alone", () => {
    expect(translateDatabaseError(new TypeError("secret"))).toMatchObject({
      code: "INTERNAL_SERVER_ERROR",
      message: "Internal server error.",
    });
    const own = new GatewayError("NOT_FOUND", "This does not exist.");
    expect(translateDatabaseError(own)).toBe(own);
  });
});
