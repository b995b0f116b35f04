import { describe, expect, it } from "vitest";
import { decodeShard, type Scorer } from "../src/index.js";
import { promptsAsked, setUp, user } from "./support/shards.js";

describe("a shard that fails", () => {
  /** Fails at the call with this number, from 1. */
  function failingAt(call: number) {
    const { target, draft, search, options } = setUp();
    let calls = 0;
    const failing: Scorer = {
      async score(requests) {
        const answers = await target.score(requests);
        if (++calls >= call) throw new Error(`call ${calls} failed`);
        return answers;
      },
      release: (keys) => target.release(keys),
    };
    return { target, draft, options, search: { ...search, target: failing } };
  }
  const users = Array.from({ length: 20 }, (_, i) => user([i]));

  it.each([1, 3])("throws the scorer's first error at concurrency %s", async (concurrency) => {
    const { target, draft, search, options } = failingAt(2);
    await expect(decodeShard(users, options({ search, concurrency }))).rejects.toThrow(
      "call 2 failed",
    );
    expect([...target.heldKeys, ...draft.heldKeys]).toEqual([]);
    const callsThen = target.calls.length;
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(target.calls.length).toBe(callsThen);
  });

  it("begins no other batch", async () => {
    const { target, search, options } = failingAt(1);
    await expect(decodeShard(users, options({ search, concurrency: 3 }))).rejects.toThrow();
    expect(target.calls).toHaveLength(3);
  });

  it("stops between batches when it is aborted", async () => {
    const { target, options } = setUp();
    const controller = new AbortController();
    const onProgress = () => controller.abort(new Error("the night is over"));
    const shard = decodeShard(users, options({ signal: controller.signal, onProgress }));
    await expect(shard).rejects.toThrow("the night is over");
    expect(promptsAsked(target)).toHaveLength(2);
    expect(target.heldKeys).toEqual([]);
  });

  it("starts nothing if it is aborted before", async () => {
    const { target, options } = setUp();
    const signal = AbortSignal.abort(new Error("too late"));
    await expect(decodeShard(users, options({ signal }))).rejects.toThrow("too late");
    expect(target.calls).toEqual([]);
  });
});
