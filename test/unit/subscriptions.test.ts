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

/** A look that is over when it is told so. */
function lookOf(answer: string) {
  let end: () => void = ignore;
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const seen = { begun: 0, wasAlone: true };
  const begins = () => {
    seen.begun += 1;
  };
  const look = {
    begins,
    answer: (isAlone: () => boolean) =>
      ended.then(() => {
        seen.wasAlone = isAlone();
        return answer;
      }),
  };
  return { look, seen, end: () => end() };
}

const moment = () => new Promise((resolve) => setTimeout(resolve, 20));

describe("turns", () => {
  it("keep the third waiting until one is over, in order", async () => {
    const subscriptions = create();
    const looks = ["first", "second", "third", "fourth"].map(lookOf);
    const had: string[] = [];
    for (const { look } of looks) void subscriptions.lookInTurn(null, look).then((answer) => had.push(answer));
    await moment();
    expect(looks.map(({ seen }) => seen.begun)).toEqual([1, 1, 0, 0]);
    looks[1]?.end();
    await moment();
    expect(looks.map(({ seen }) => seen.begun)).toEqual([1, 1, 1, 0]);
    for (const { end } of looks) end();
    await moment();
    expect(had).toEqual(["second", "first", "third", "fourth"]);
  });

  it("are given back by a look that fails", async () => {
    const subscriptions = create();
    const failing = { begins: ignore, answer: () => Promise.reject(new TypeError("no database")) };
    for (let n = 0; n < 5; n++) await expect(subscriptions.lookInTurn(null, failing)).rejects.toThrow("no database");
  });
});

describe("the same question", () => {
  it("is looked at once for everybody who asks before it begins, and tells each that it does", async () => {
    const subscriptions = create();
    const [one, other] = [lookOf("one"), lookOf("other")];
    const answers = [subscriptions.lookInTurn("q", one.look), subscriptions.lookInTurn("q", other.look)];
    await moment();
    one.end();
    expect(await Promise.all(answers)).toEqual(["one", "one"]);
    expect(one.seen).toEqual({ begun: 1, wasAlone: false });
    expect(other.seen.begun).toBe(1);
  });

  it("is looked at again for who asks when it has begun: he may have been woken by something newer", async () => {
    const subscriptions = create();
    const [one, other] = [lookOf("one"), lookOf("other")];
    const first = subscriptions.lookInTurn("q", one.look);
    await moment();
    const second = subscriptions.lookInTurn("q", other.look);
    one.end();
    other.end();
    expect(await Promise.all([first, second])).toEqual(["one", "other"]);
    expect(one.seen).toEqual({ begun: 1, wasAlone: true });
  });

  it("fails for everybody who asked it, and never answers another", async () => {
    const subscriptions = create();
    const failing = { begins: ignore, answer: () => Promise.reject(new TypeError("no database")) };
    const { look, end } = lookOf("other");
    end();
    const answers = await Promise.allSettled([
      subscriptions.lookInTurn("q", failing),
      subscriptions.lookInTurn("q", look),
      subscriptions.lookInTurn("another", look),
      subscriptions.lookInTurn(null, look),
    ]);
    expect(answers.map(({ status }) => status)).toEqual(["rejected", "rejected", "fulfilled", "fulfilled"]);
  });
});
