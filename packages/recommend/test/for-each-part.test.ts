import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { readHistories } from "@nightbeam/dataset";
import { afterAll, describe, expect, it } from "vitest";
import { GROUPS_AT_ONCE } from "../src/open-rows-decoder.js";
import { forEachPart } from "../src/run/for-each-part.js";

const directory = mkdtempSync(join(tmpdir(), "nightbeam-parts-"));
afterAll(() => rmSync(directory, { recursive: true }));
const path = join(directory, "histories.jsonl");
const lines = Array.from({ length: 23 }, (_, at) => `{"user":"u${at}","history":["i"]}\n`);
writeFileSync(path, lines.join(""));
const histories = { read: (window: object = {}) => readHistories({ path, ...window }) };

const nothing = (): never => {
  throw new Error("is not read");
};

function todo(done: readonly number[] = [], signal = new AbortController().signal) {
  return { histories, rows: 23, partSize: 5, isDone: (at: number) => done.includes(at), signal };
}

describe("forEachPart", () => {
  it("handles the parts that are missing, complete and in order, a few at a time", async () => {
    const seen: [number, number[]][] = [];
    let active = 0;
    let most = 0;
    await forEachPart(todo([0, 2]), async (index, rows) => {
      seen.push([index, rows.map(({ row }) => row)]);
      most = Math.max(most, ++active);
      await sleep(5);
      active--;
    });
    expect(seen).toEqual([
      [1, [5, 6, 7, 8, 9]],
      [3, [15, 16, 17, 18, 19]],
      [4, [20, 21, 22]],
    ]);
    expect(most).toBe(GROUPS_AT_ONCE);
  });

  it("reads nothing if all parts are done", async () => {
    const missing = { ...todo([0, 1, 2, 3, 4]), histories: { read: nothing } };
    await forEachPart(missing, () => Promise.reject(new Error("nothing is left")));
  });

  it("stops the other parts when one fails, and waits for them", async () => {
    const ended: number[] = [];
    const work = forEachPart(todo(), async (index, _rows, signal) => {
      if (index === 1) throw new Error("part 1 is broken");
      while (!signal.aborted) await sleep(1);
      await sleep(10);
      ended.push(index);
      throw new Error("stopped");
    });
    await expect(work).rejects.toThrow("part 1 is broken");
    expect(ended).toEqual([0]);
  });

  it("stops at the signal with its reason, and waits for what is in progress", async () => {
    const abort = new AbortController();
    let running = 0;
    const work = forEachPart(todo([], abort.signal), async (index, _rows, signal) => {
      running++;
      if (index === 1) abort.abort(new Error("enough"));
      await sleep(5);
      running--;
      signal.throwIfAborted();
    });
    await expect(work).rejects.toThrow("enough");
    expect(running).toBe(0);
  });

  it("passes on what reading throws", async () => {
    const missing = { ...todo(), histories: { read: () => readHistories({ path: "none.jsonl" }) } };
    await expect(forEachPart(missing, () => Promise.resolve())).rejects.toThrow(
      "none.jsonl does not exist",
    );
  });
});
