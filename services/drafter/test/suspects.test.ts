import { settle } from "@nightbeam/testing";
import { describe, expect, it } from "vitest";
import { DrafterError } from "../src/errors.js";
import { Suspects } from "../src/shard/suspects.js";
import { Turnstile } from "../src/shard/turnstile.js";

const { signal } = new AbortController();

describe("a turnstile", () => {
  async function setup() {
    const turnstile = new Turnstile();
    const inside = new Set<string>();
    const leaves = new Map<string, () => void>();
    const enter = async (name: string, alone = false, stop = signal) => {
      const leave = await turnstile.enter({ alone, signal: stop });
      inside.add(name);
      leaves.set(name, () => {
        inside.delete(name);
        leave();
      });
    };
    const leave = async (name: string) => {
      leaves.get(name)?.();
      await settle();
    };
    return { inside, enter, leave };
  }

  it("admits many together, and one alone in its turn", async () => {
    const { inside, enter, leave } = await setup();
    await enter("a");
    await enter("b");
    void enter("alone", true);
    void enter("c");
    void enter("d");
    await settle();
    expect([...inside]).toEqual(["a", "b"]);
    await leave("a");
    expect([...inside]).toEqual(["b"]);
    await leave("b");
    expect([...inside]).toEqual(["alone"]);
    await leave("alone");
    expect([...inside]).toEqual(["c", "d"]);
  });

  it("removes those who give up, and admits those after them", async () => {
    const { inside, enter, leave } = await setup();
    await enter("a");
    const stop = new AbortController();
    const waiting = expect(enter("alone", true, stop.signal)).rejects.toThrow("enough");
    void enter("b");
    stop.abort(new Error("enough"));
    await waiting;
    await settle();
    expect([...inside]).toEqual(["a", "b"]);
    await leave("a");
    await leave("b");
    await enter("c", true);
    expect([...inside]).toEqual(["c"]);
  });
});

describe("suspects", () => {
  it("run alone the next time, and with others once they have succeeded", async () => {
    const suspects = new Suspects();
    let together = 0;
    let most = 0;
    const job = (id: string, error?: Error) =>
      suspects
        .pass({ id, signal }, async () => {
          together++;
          most = Math.max(most, together);
          await settle();
          together--;
          if (error !== undefined) throw error;
        })
        .catch(() => undefined);
    const lost = new DrafterError("THREAD_LOST", "x");
    await Promise.all([job("a", lost), job("b", lost)]);
    expect(most).toBe(2);
    most = 0;
    await Promise.all([job("a"), job("b"), job("c")]);
    expect(most).toBe(1);
    await Promise.all([job("a"), job("b")]);
    expect(most).toBe(2);
  });
});
