import { FakeTime, settle } from "@nightbeam/testing";
import { describe, expect, it } from "vitest";
import { RunContexts } from "../src/decode/run-contexts.js";

function setup(max = 2) {
  const clock = new FakeTime();
  const events: string[] = [];
  const state = { refuses: false };
  const contexts = new RunContexts<{ key: string; close(): Promise<void> }>({
    max,
    idleMs: 1_000,
    clock,
  });
  const open = async (key: string) => {
    if (state.refuses) throw new Error("it cannot be opened");
    events.push(`open ${key}`);
    return { key, close: async () => void events.push(`close ${key}`) };
  };
  const use = <Result>(
    key: string,
    work: (context: { key: string }) => Promise<Result>,
    { isHarmless = false, signal = new AbortController().signal } = {},
  ) => contexts.use({ key, open: () => open(key) }, { work, signal, isHarmless: () => isHarmless });
  const visit = (key: string) => use(key, async (context) => context.key);
  return { clock, contexts, events, use, visit, state };
}

/** Work that ends when the test says so. */
function held() {
  let end: (error?: Error) => void = () => {};
  const ended = new Promise<void>((resolve, reject) => {
    end = (error) => (error === undefined ? resolve() : reject(error));
  });
  return { work: () => ended, end };
}

describe("the contexts of runs", () => {
  it("are opened once for shards at the same time and one after the other", async () => {
    const { contexts, events, visit } = setup();
    await Promise.all([visit("a"), visit("a")]);
    await visit("a");
    expect(events).toEqual(["open a"]);
    await contexts.close();
    expect(events).toEqual(["open a", "close a"]);
  });

  it("are closed when no shard used them for a while", async () => {
    const { clock, events, visit } = setup();
    await visit("a");
    await clock.advance(900);
    await visit("a");
    await clock.advance(900);
    expect(events).toEqual(["open a"]);
    await clock.advance(100);
    expect(events).toEqual(["open a", "close a"]);
    expect(clock.pending).toBe(0);
  });

  it("are evicted for another run, the least recently used one first, and never during a shard", async () => {
    const { contexts, clock, events, use, visit } = setup();
    const shard = held();
    const working = use("a", shard.work);
    await clock.advance(1);
    await visit("b");
    await clock.advance(1);
    await visit("c");
    await settle();
    expect(events).toEqual(["open a", "open b", "open c", "close b"]);
    await clock.advance(1);
    shard.end();
    await working;
    expect(contexts.size).toBe(2);
    await visit("d");
    await settle();
    expect(events.at(-1)).toBe("close c");
  });

  it("are not used again after a failure, and closed after the last shard", async () => {
    const { events, use, visit } = setup();
    const [one, other] = [held(), held()];
    const working = [use("a", one.work), use("a", other.work)];
    one.end(new Error("the model died"));
    await expect(working[0]).rejects.toThrow("died");
    expect(events).toEqual(["open a"]);
    await visit("a");
    other.end();
    await working[1];
    await settle();
    expect(events).toEqual(["open a", "open a", "close a"]);
  });

  it("are used again after a failure that they did not cause", async () => {
    const { events, use, visit } = setup();
    const fail = async () => Promise.reject(new Error("nobody verifies"));
    await expect(use("a", fail, { isHarmless: true })).rejects.toThrow("verifies");
    await visit("a");
    expect(events).toEqual(["open a"]);
  });

  it("that could not be opened are opened again", async () => {
    const { state, visit, events } = setup();
    state.refuses = true;
    await expect(visit("a")).rejects.toThrow("cannot be opened");
    state.refuses = false;
    expect(await visit("a")).toBe("a");
    expect(events).toEqual(["open a"]);
  });

  it("can be given up by one shard while others wait for them to open", async () => {
    const { contexts, events, visit } = setup();
    const stop = new AbortController();
    const opening = held();
    const open = async () => {
      await opening.work();
      return { key: "a", close: async () => void events.push("close a") };
    };
    const impatient = contexts.use(
      { key: "a", open },
      { work: async () => "late", signal: stop.signal, isHarmless: () => true },
    );
    const patient = visit("a");
    stop.abort(new Error("enough"));
    await expect(impatient).rejects.toThrow("enough");
    opening.end();
    expect(await patient).toBe("a");
    await contexts.close();
    expect(events).toEqual(["close a"]);
  });

  it("close with all that are open", async () => {
    const { contexts, events, use } = setup();
    const shard = held();
    const working = use("a", shard.work);
    await settle();
    const closed = contexts.close();
    shard.end();
    await Promise.all([working, closed]);
    await contexts.close();
    expect(events).toEqual(["open a", "close a"]);
  });
});
