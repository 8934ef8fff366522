/** That subscriptions stay within their limits: places for each and for all, and turns to read. */
import { describe, expect, it } from "vitest";
import type { Changes } from "../../src/database/changes.js";
import { createSubscriptions } from "../../src/http/subscriptions.js";

const changes: Changes = { watch: () => () => undefined, means: "none", stop: async () => undefined };
const create = () => createSubscriptions({ changes, most: 3, mostPerSubscriber: 2, turns: 2 });
const ignore = () => undefined;

describe("places", () => {
  it("are refused to the third of one subscriber, and to the fourth of all", () => {
    const subscriptions = create();
    subscriptions.enter("one", ignore);
    subscriptions.enter("one", ignore);
    expect(() => subscriptions.enter("one", ignore)).toThrow("too many subscriptions");
    subscriptions.enter("another", ignore);
    expect(() => subscriptions.enter("a third", ignore)).toThrow("too many subscriptions");
    expect(subscriptions.count).toBe(3);
  });

  it("are given back once, however often somebody leaves", () => {
    const subscriptions = create();
    const leave = subscriptions.enter("one", ignore);
    subscriptions.enter("one", ignore);
    leave();
    leave();
    expect(subscriptions.count).toBe(1);
    subscriptions.enter("one", ignore);
    expect(() => subscriptions.enter("one", ignore)).toThrow("too many subscriptions");
  });

  it("are all ended by a stop, which lets nobody in behind it", () => {
    const subscriptions = create();
    const reasons: string[] = [];
    subscriptions.enter("one", ({ code }) => reasons.push(code));
    subscriptions.enter("another", ({ code }) => reasons.push(code));
    subscriptions.stop();
    expect(reasons).toEqual(["UNAVAILABLE", "UNAVAILABLE"]);
    expect(() => subscriptions.enter("a third", ignore)).toThrow("stopping");
  });
});

describe("turns", () => {
  it("keep the third waiting until one is over, in order, and count a turn that is ended twice once", async () => {
    const subscriptions = create();
    const [first] = [await subscriptions.takeTurn(), await subscriptions.takeTurn()];
    const had: string[] = [];
    const third = subscriptions.takeTurn().then(() => had.push("third"));
    const fourth = subscriptions.takeTurn().then(() => had.push("fourth"));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(had).toEqual([]);
    first?.();
    first?.();
    await third;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(had).toEqual(["third"]);
    void fourth;
  });
});
