/** Cursors: one place in one list in one order, and nothing else. */
import { describe, expect, it } from "vitest";
import { decodeCursor, encodeCursor } from "../../src/protect/read/cursor.js";
import { orderTerms } from "../../src/protect/read/order.js";
import { chat } from "../../src/resources/chat.js";
import { todo } from "../../src/resources/todo.js";

const newest = orderTerms(todo, [{ createdAt: "DESC" }]);
const position = ["2026-01-06 09:00:00.123456+00", "70d00000-0000-4000-8000-000000000001"];
const cursor = encodeCursor(todo, newest, position);

describe("a cursor", () => {
  it("reads back to the place it was written from, to the microsecond", () => {
    expect(decodeCursor(todo, newest, cursor)).toEqual(position);
  });

  it("reads back a place without a value", () => {
    const byNote = orderTerms(todo, [{ internalNote: "ASC" }]);
    expect(decodeCursor(todo, byNote, encodeCursor(todo, byNote, [null, "x"]))).toEqual([null, "x"]);
  });

  const bad: readonly (readonly [string, string])[] = [
    ["empty", ""],
    ["not base64url", "!!!"],
    ["cut short", cursor.slice(0, -3)],
    ["altered in one letter", cursor.replace(/.$/, (last) => (last === "A" ? "B" : "A"))],
    ["padded", `${cursor}=`],
    ["JSON that somebody wrote himself", Buffer.from(JSON.stringify(position)).toString("base64url")],
  ];
  it.each(bad)("rejects one that is %s", (_what, text) => {
    expect(() => decodeCursor(todo, newest, text)).toThrow("Not a cursor of this list in this order.");
  });

  it("rejects one of another order", () => {
    expect(() => decodeCursor(todo, orderTerms(todo, [{ createdAt: "ASC" }]), cursor)).toThrow();
    expect(() => decodeCursor(todo, orderTerms(todo, [{ title: "DESC" }]), cursor)).toThrow();
  });

  it("rejects one of another type", () => {
    expect(() => decodeCursor(chat, orderTerms(chat, [{ createdAt: "DESC" }]), cursor)).toThrow();
  });
});
