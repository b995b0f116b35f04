import type { SearchAnswer, SearchRequest } from "@nightbeam/decoding";
import { FakeTime } from "@nightbeam/testing";
import { describe, expect, it } from "vitest";
import { VerifierError } from "../src/errors.js";
import type { IncomingSearch, LaneLimits } from "../src/lanes/lanes-options.js";
import { SearchLanes } from "../src/lanes/search-lanes.js";
import { outcome, WIDE_LIMITS } from "./support/calls.js";

const PASS_MS = 100;
/** A request of user 0 fails every pass that it is in. */
const BAD = 0;

/** Takes its time by a fake clock; a list's one path is the first token of the user's prompt. */
class FakeSearcher {
  readonly passes: { users: number[]; beamWidth: number; keys: number[] }[] = [];
  isOpen = true;
  readonly #time: FakeTime;

  constructor(time: FakeTime) {
    this.#time = time;
  }

  async search(
    requests: readonly SearchRequest[],
    { beamWidth }: { beamWidth: number },
  ): Promise<readonly SearchAnswer[]> {
    const users = requests.map(({ prompt }) => prompt[0] ?? -1);
    this.passes.push({ users, beamWidth, keys: requests.map(({ key }) => key) });
    await new Promise<void>((resolve) => this.#time.after(PASS_MS, resolve));
    if (!this.isOpen) throw new Error("the thread died");
    if (users.includes(BAD)) throw new Error("no good");
    return users.map((user) => ({
      beams: { depth: 3, prefixes: Uint32Array.of(user), scores: Float64Array.of(-1) },
      ...{ draftedLevels: 0, nodes: 20, tokens: 24, milliseconds: 1 },
    }));
  }
}

function opened(limits: Partial<LaneLimits> = {}) {
  const time = new FakeTime();
  const [a, b] = [new FakeSearcher(time), new FakeSearcher(time)];
  const lost: VerifierError[] = [];
  const lanes = new SearchLanes({
    workers: [a, b],
    limits: { ...WIDE_LIMITS, ...limits },
    clock: time,
    costLine: () => ({ callMs: 10, tokenMs: 1 }),
    onPass: () => undefined,
    probe: { requests: [search(99)], beamWidth: 10 },
    onLost: (error) => lost.push(error),
    nodesOf: (beamWidth) => 2 * beamWidth,
  });
  const ask = (users: readonly number[], fields: Partial<IncomingSearch> = {}) =>
    lanes.search({
      peer: "x",
      requests: users.map(search),
      beamWidth: 10,
      deadline: Number.POSITIVE_INFINITY,
      signal: new AbortController().signal,
      ...fields,
    });
  return { time, a, b, lanes, ask, lost };
}

function search(user: number): SearchRequest {
  return { key: 0, prompt: new Int32Array(4).fill(user), closed: new Uint32Array() };
}

function listsOf({ answers }: { answers: readonly SearchAnswer[] }): (number | undefined)[] {
  return answers.map(({ beams }) => beams.prefixes[0]);
}

describe("lanes of whole searches", () => {
  it("merge calls of several clients up to the budget of rows, with keys of their own", async () => {
    const { time, a, b, ask, lanes } = opened({ maxWaitMs: 5 });
    // A search has 4 tokens and 20 nodes, so four fit into 100 rows.
    const calls = [ask([1, 2]), ask([3]), ask([4]), ask([5, 6, 7, 8, 9])];
    await time.advance(5);
    expect(lanes.runningTokens + lanes.waitingTokens).toBe(9 * 24);
    await time.advance(1_000);
    const found = (await Promise.all(calls)).map(listsOf);
    expect(found).toEqual([[1, 2], [3], [4], [5, 6, 7, 8, 9]]);
    const passes = [...a.passes, ...b.passes];
    expect(passes.some(({ users }) => users.length > 2)).toBe(true);
    for (const { users, keys } of passes) {
      expect(users.length).toBeLessThanOrEqual(4);
      expect(new Set(keys).size).toBe(keys.length);
    }
    expect([lanes.runningTokens, lanes.waitingTokens]).toEqual([0, 0]);
  });

  it("count a draft's prefixes as rows", async () => {
    const { time, lanes, ask } = opened();
    const drafted = [{ ...search(1), drafted: Uint32Array.of(1, 2, 3) }];
    const call = ask([], { requests: drafted });
    expect(lanes.runningTokens).toBe(4 + 20 + 3);
    await time.advance(200);
    await call;
  });

  it("never mix beam widths in a pass", async () => {
    const { time, a, b, ask } = opened({ maxWaitMs: 5 });
    const calls = [ask([1]), ask([2], { beamWidth: 5 }), ask([3]), ask([4], { beamWidth: 5 })];
    await time.advance(1_000);
    expect((await Promise.all(calls)).map(listsOf)).toEqual([[1], [2], [3], [4]]);
    for (const { users, beamWidth } of [...a.passes, ...b.passes]) {
      expect(users.every((user) => (user % 2 === 1 ? 10 : 5) === beamWidth)).toBe(true);
    }
  });

  it("refuse calls when too much waits", async () => {
    const { time, ask } = opened({ maxWaitingTokens: 150 });
    const calls = Array.from({ length: 30 }, (_, user) => outcome(ask([user + 1])));
    await time.advance(5_000);
    const outcomes = await Promise.all(calls);
    expect(outcomes.filter((one) => one === "BUSY").length).toBeGreaterThan(0);
    expect(outcomes.filter((one) => one !== "BUSY").length).toBeGreaterThan(6);
  });

  it("let a bad call fail alone, and drop cancelled and late ones", async () => {
    const { time, ask, lost } = opened({ maxWaitMs: 5 });
    const cancelled = new AbortController();
    const calls = [
      ask([1, 1, 1, 1]),
      ask([2, 2, 2, 2]),
      ask([BAD]),
      ask([3]),
      ask([4], { signal: cancelled.signal }),
      ask([5], { deadline: time.now() + 50 }),
    ].map(outcome);
    await time.advance(20);
    cancelled.abort();
    await time.advance(2_000);
    const [, , bad, good, gone, late] = await Promise.all(calls);
    expect(bad).toBe("no good");
    expect(good).toMatchObject({ answers: [{ nodes: 20 }] });
    expect([gone, late]).toEqual(["CANCELLED", "EXPIRED"]);
    expect(lost).toEqual([]);
  });

  it("report a thread that died, and refuse calls after they are closed", async () => {
    const { time, a, lanes, ask, lost } = opened();
    const call = outcome(ask([1]));
    a.isOpen = false;
    await time.advance(200);
    expect(await call).toBe("LANE_LOST");
    expect(lost).toHaveLength(1);
    lanes.close(new VerifierError("DRAINING", "the verifier stops"));
    expect(await outcome(ask([2, 3]))).toMatch(/LANE_LOST|DRAINING/);
    lanes.runMaintenance();
    expect(lost).toHaveLength(1);
  });
});
