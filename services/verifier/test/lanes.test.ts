import type { ScoreRequest } from "@nightbeam/decoding";
import { FakeTime } from "@nightbeam/testing";
import { describe, expect, it } from "vitest";
import { VerifierError } from "../src/errors.js";
import { Lanes } from "../src/lanes/lanes.js";
import type { IncomingCall, LaneLimits } from "../src/lanes/lanes-options.js";
import { FakeModel, keysOf, outcome, request, WIDE_LIMITS } from "./support/calls.js";

function opened(limits: Partial<LaneLimits> = {}, keepsPrompts = true, passMs = 100) {
  const time = new FakeTime();
  const [a, b] = [new FakeModel(time, passMs), new FakeModel(time, passMs)];
  const lost: VerifierError[] = [];
  const lanes = new Lanes({
    workers: [a, b],
    limits: { ...WIDE_LIMITS, ...limits },
    clock: time,
    costLine: () => ({ callMs: 10, tokenMs: 1 }),
    onPass: () => undefined,
    probe: { requests: [request(-1)], beamWidth: 0 },
    keepsPrompts,
    onLost: (error) => lost.push(error),
  });
  const ask = (
    client: string,
    requests: readonly ScoreRequest[],
    fields: Partial<IncomingCall> = {},
  ) =>
    lanes.score({
      peer: client,
      client,
      requests,
      released: [],
      deadline: Number.POSITIVE_INFINITY,
      signal: new AbortController().signal,
      ...fields,
    });
  return { time, a, b, lanes, ask, lost };
}

describe("lanes", () => {
  it("send new users to the lane with the least to do, and known ones to their lane", async () => {
    const { time, a, b, lanes, ask } = opened();
    const calls = [ask("x", [request(1)]), ask("x", [request(2)])];
    await time.advance(200);
    await Promise.all(calls);
    expect([a.passes, b.passes]).toEqual([[[0]], [[1]]]);
    const mixed = ask("x", [request(2), request(3), request(1)]);
    expect(lanes.runningTokens).toBe(4);
    await time.advance(200);
    // The new user's answer came from the first lane, with one that it knows.
    expect(keysOf((await mixed).answers)).toEqual([1, 2, 0]);
    expect([a.passes.at(-1), b.passes.at(-1)]).toEqual([[2, 0], [1]]);
  });

  it("never mix up clients that use the same keys", async () => {
    const { time, ask } = opened();
    const calls = [ask("x", [request(7)]), ask("y", [request(7)]), ask("x", [request(7)])];
    await time.advance(500);
    const own = (await Promise.all(calls)).map(({ answers }) => keysOf(answers)[0]);
    expect(own).toEqual([0, 1, 0]);
  });

  it("treat a key that comes back with another prompt as new", async () => {
    const { time, a, ask } = opened();
    const [before, after] = [ask("x", [request(7, 4)]), ask("x", [request(7, 5)])];
    await time.advance(500);
    expect(keysOf([...(await before).answers, ...(await after).answers])).toEqual([0, 1]);
    expect(a.released).toEqual([0]);
  });

  it("forget keys that are released, and clients that are idle, with all they kept", async () => {
    const { time, a, b, lanes, ask } = opened();
    const first = [ask("x", [request(1), request(2)]), ask("y", [request(1)])];
    await time.advance(200);
    await Promise.all(first);
    const second = ask("x", [request(3)], { released: [1, 99] });
    await time.advance(50_000);
    await second;
    expect(a.released).toEqual([0]);
    expect(lanes.keyCount).toBe(3);
    const third = ask("y", [request(1)]);
    await time.advance(20_000);
    await third;
    lanes.runMaintenance();
    expect(lanes.keyCount).toBe(1);
    expect([...a.released, ...b.released].sort()).toEqual([0, 1, 3]);
    await time.advance(70_000);
    lanes.runMaintenance();
    expect(lanes.keyCount).toBe(0);
  });

  it("bound the keys that they remember, even if a client never releases any", async () => {
    const { time, lanes, ask } = opened({ maxKeys: 5, tokenBudget: 1_000 });
    for (let round = 0; round < 10; round++) {
      const calls = ["x", "y"].map((client) =>
        ask(client, [request(2 * round), request(2 * round + 1)]),
      );
      await time.advance(200);
      await Promise.all(calls);
      expect(lanes.keyCount).toBeLessThanOrEqual(5);
    }
  });

  it("count prompts only if a worker does not keep them", async () => {
    for (const [keepsPrompts, expected] of [
      [true, 0],
      [false, 40],
    ] as const) {
      const { time, lanes, ask } = opened({}, keepsPrompts);
      const first = ask("x", [request(1, 40)]);
      expect(lanes.runningTokens).toBe(40);
      await time.advance(200);
      await first;
      const again = ask("x", [request(1, 40)]);
      expect(lanes.runningTokens).toBe(expected);
      await time.advance(200);
      await again;
    }
  });

  it("refuse what is too much, with a time to retry, and take it once there is room", async () => {
    const { time, lanes, ask } = opened({ maxWaitingTokens: 200 });
    const calls = Array.from({ length: 8 }, (_, key) => outcome(ask("x", [request(key, 100)])));
    // Two run and two wait.
    const refused = ask("y", [request(1, 100)]);
    await expect(refused).rejects.toMatchObject({
      code: "BUSY",
      retryAfterMs: (2 * 10 + 200) / 2 / 2,
    });
    const results = Promise.all(calls);
    await time.advance(1_000);
    expect((await results).map((result) => typeof result)).toEqual([
      ...new Array<string>(4).fill("object"),
      ...new Array<string>(4).fill("string"),
    ]);
    expect([lanes.waitingTokens, lanes.runningTokens]).toEqual([0, 0]);
    const large = ask("y", [request(1, 900)]);
    await time.advance(200);
    expect((await large).answers).toHaveLength(1);
  });

  it("cut a call that is larger than a batch into pieces for all lanes", async () => {
    const { time, a, b, ask } = opened();
    const users = [30, 30, 50, 120, 20, 30].map((length, key) => request(key, length));
    const call = ask("x", users);
    await time.advance(1_000);
    expect(keysOf((await call).answers)).toEqual([0, 1, 2, 3, 4, 5]);
    // At most 100 rows per pass, unless one user has more; each piece goes to the lane with the least to do.
    expect(a.passes).toEqual([[0, 1, 4], [5]]);
    expect(b.passes).toEqual([[2], [3]]);
  });

  it("bound what waiting calls hold in memory, even if it costs little to compute", async () => {
    const { time, ask } = opened({ maxWaitingTokens: 200, tokenBudget: 1 });
    const first = ask("x", [request(1, 150)]);
    await time.advance(200);
    await first;
    const again = Array.from({ length: 20 }, () => outcome(ask("x", [request(1, 150)])));
    await time.advance(5_000);
    const results = await Promise.all(again);
    expect(results.filter((result) => result === "BUSY")).toHaveLength(9);
    const { time: later, ask: askAll } = opened({ maxCalls: 3 });
    const many = Array.from({ length: 5 }, (_, key) => outcome(askAll("x", [request(key)])));
    await later.advance(1_000);
    expect((await Promise.all(many)).filter((result) => result === "BUSY")).toHaveLength(2);
  });

  it("fail a call as a whole when one of its lanes fails it, and no other call", async () => {
    const { time, a, b, ask } = opened();
    const known = [ask("x", [request(1)]), ask("x", [request(2)])];
    await time.advance(200);
    await Promise.all(known);
    b.bad.add(1);
    const [both, other] = [outcome(ask("x", [request(1), request(2)])), ask("x", [request(1)])];
    await time.advance(1_000);
    expect(await both).toBe("refuses 1");
    expect(keysOf((await other).answers)).toEqual([0]);
    expect(a.passes.length).toBeGreaterThan(1);
  });

  it("compute nothing more for a call that has failed in one lane", async () => {
    const { time, a, b, ask } = opened({ maxWaitingTokens: 10_000 });
    const known = [ask("x", [request(1)]), ask("x", [request(2)])];
    await time.advance(200);
    await Promise.all(known);
    b.bad.add(1);
    const others = Array.from({ length: 20 }, (_, key) =>
      ask("y", [request(key, 100)], { peer: "x" }),
    );
    const failing = outcome(ask("x", [request(2), request(9, 100)]));
    await time.advance(5_000);
    expect(await failing).toBe("refuses 1");
    await Promise.all(others);
    // Own keys count up: 22 would be the new user.
    expect([...a.passes, ...b.passes].flat()).not.toContain(22);
  });

  it("lose a lane with its thread: its calls fail so that others can take them", async () => {
    const { time, a, lanes, ask, lost } = opened();
    const calls = [ask("x", [request(1)]), ask("x", [request(2)]), ask("x", [request(1)])].map(
      outcome,
    );
    await time.advance(50);
    a.isOpen = false;
    await time.advance(500);
    const results = await Promise.all(calls);
    expect([results[0], results[2]]).toEqual(["LANE_LOST", "LANE_LOST"]);
    expect(results[1]).toMatchObject({ computeMs: 100 });
    lanes.runMaintenance();
    expect(lost).toHaveLength(1);
  });

  it("notice a thread that died while it had nothing to do", () => {
    const { b, lanes, lost } = opened();
    lanes.runMaintenance();
    expect(lost).toEqual([]);
    b.isOpen = false;
    lanes.runMaintenance();
    expect(lost.map(({ code, message }) => `${code} ${message}`)).toEqual([
      "LANE_LOST model thread 1 is lost: it died; ask another verifier",
    ]);
  });

  it("lose a lane whose model fails at a request that it has answered before", async () => {
    const { time, a, lanes, ask, lost } = opened();
    const answered = [ask("x", [request(1)]), ask("x", [request(2)])];
    await time.advance(200);
    await Promise.all(answered);
    // A bad request is not the model's fault.
    a.bad.add(0);
    const bad = outcome(ask("x", [request(1)]));
    await time.advance(500);
    expect([await bad, lost]).toEqual(["refuses 0", []]);
    a.bad.add(-1);
    const broken = outcome(ask("x", [request(1)]));
    await time.advance(500);
    expect(await broken).toBe("LANE_LOST");
    expect(lost[0]?.message).toContain(
      "it fails at a request that it has answered before (refuses -1)",
    );
    expect(lanes.runningTokens).toBe(0);
  });

  it("lose a lane whose pass hangs, with all that it has", async () => {
    const { time, lanes, ask, lost } = opened({}, true, 1e9);
    const calls = [1, 2, 3].map((key) => outcome(ask("x", [request(key, 100)])));
    await time.advance(60_000 + 20 * 110);
    lanes.runMaintenance();
    expect(lost).toEqual([]);
    await time.advance(1);
    lanes.runMaintenance();
    lanes.runMaintenance();
    expect(await Promise.all(calls)).toEqual(["LANE_LOST", "LANE_LOST", "LANE_LOST"]);
    expect(lost.map(({ message }) => message)[1]).toContain("has not ended in 62201 ms");
    expect(lost).toHaveLength(2);
  });

  it("drop what waits when they close", async () => {
    const { time, lanes, ask } = opened();
    const calls = [1, 2, 3].map((key) => outcome(ask("x", [request(key, 100)])));
    lanes.close(new VerifierError("DRAINING", "stops"));
    await time.advance(200);
    expect((await Promise.all(calls)).filter((result) => result === "DRAINING")).toHaveLength(1);
    expect(await outcome(ask("x", [request(4)]))).toBe("DRAINING");
  });
});
