import { ROOT } from "@nightbeam/catalogue";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { backoffMs, spreadMs } from "../src/client/backoff.js";
import { leastBusy } from "../src/client/choice.js";
import { rowsOf, splitCall } from "../src/client/groups.js";
import { type LinkEvent, type LinkState, nextState } from "../src/client/link-state.js";
import { RetryBudget } from "../src/client/retry-budget.js";
import { request } from "./support/job.js";

describe("a link's state", () => {
  it("is ready only by a connection, and never again once it is closed", () => {
    const events: LinkEvent[] = [
      "open",
      "connected",
      "lost",
      "failed",
      "retry",
      "refused",
      "drained",
      "changed",
      "close",
    ];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...events)), (happened) => {
        let state: LinkState = "new";
        for (const event of happened) {
          const before: LinkState = state;
          state = nextState(state, event);
          if (state === "ready" && before !== "ready") {
            expect([before, event]).toEqual(["connecting", "connected"]);
          }
          if (before === "closed") expect(state).toBe("closed");
          if (event === "close") expect(state).toBe("closed");
        }
      }),
    );
  });

  it("reaches ready only through connecting, from every state but closed", () => {
    const ways: [LinkState, LinkEvent][] = [
      ["new", "open"],
      ["ready", "lost"],
      ["suspect", "retry"],
      ["wrong-model", "changed"],
      ["draining", "changed"],
    ];
    for (const [from, event] of ways) expect(nextState(from, event)).toBe("connecting");
  });
});

describe("back-off", () => {
  it("doubles up to its longest, and is spread over the upper half", () => {
    const at = (failures: number, random: number) =>
      backoffMs({ failures, random, firstBackoffMs: 250, longestBackoffMs: 10_000 });
    expect([1, 2, 3, 6, 7, 1000].map((failures) => at(failures, 1))).toEqual([
      250, 500, 1000, 8000, 10_000, 10_000,
    ]);
    expect(at(3, 0)).toBe(500);
    expect([spreadMs(100, 0), spreadMs(100, 1)]).toEqual([100, 150]);
  });
});

describe("the retry budget", () => {
  it("gives a burst, then a steady rate, no matter how often it is asked", () => {
    const budget = new RetryBudget({ burst: 5, perSecond: 10, now: 0 });
    const given = (from: number, to: number) => {
      let count = 0;
      for (let now = from; now < to; now++) {
        while (budget.take(now) === 0) count++;
      }
      return count;
    };
    expect(given(0, 1)).toBe(5);
    expect(given(1, 1_001)).toBe(10);
    expect(given(60_000, 60_001)).toBe(5);
    expect(budget.take(60_001)).toBe(100 - 1);
  });
});

describe("the choice of a verifier", () => {
  const cost = { callMs: 10, tokenMs: 1 };
  const idle = { waitingTokens: 0, inFlightTokens: 0, cost };

  it("chooses by expected time", () => {
    const slow = { ...idle, cost: { callMs: 50, tokenMs: 2 } };
    const busy = { ...idle, waitingTokens: 30, inFlightTokens: 11 };
    expect(leastBusy([slow, busy], 0)).toBe(slow);
    expect(leastBusy([slow, { ...busy, inFlightTokens: 9 }], 0)).not.toBe(slow);
  });

  it("chooses by rows if a cost is not known, and breaks ties at random", () => {
    const unknown = { ...idle, waitingTokens: 5, cost: undefined };
    const dear = { ...idle, waitingTokens: 4, cost: { callMs: 1e6, tokenMs: 1e6 } };
    expect(leastBusy([unknown, dear], 0)).toBe(dear);
    const equal = [{ ...idle }, { ...idle }];
    expect([0, 0.49, 0.5, 0.99].map((random) => leastBusy(equal, random))).toEqual([
      equal[0],
      equal[0],
      equal[1],
      equal[1],
    ]);
    expect(leastBusy([], 0)).toBeUndefined();
  });
});

describe("shares of a call", () => {
  it("hold every place once, of one home each, within the limits", () => {
    const user = fc.record({
      home: fc.constantFrom("a", "b", undefined),
      prefixes: fc.array(fc.nat({ max: 20 }), { maxLength: 5 }),
    });
    const limit = fc.integer({ min: 1, max: 30 });
    fc.assert(
      fc.property(fc.array(user), limit, limit, limit, (users, most, tokens, answerBytes) => {
        const requests = users.map(({ prefixes }, key) => request(key, [ROOT, ...prefixes]));
        const homeOf = ({ key }: { key: number }) => users[key]?.home;
        const bytesOf = ({ key }: { key: number }) => 1 + (key % 4);
        const groups = splitCall(requests, {
          homeOf,
          sizeOf: (one) => ({ tokens: rowsOf(one), answerBytes: bytesOf(one) }),
          max: { users: most, tokens, answerBytes },
        });
        const places = groups.flatMap((group) => group.places);
        expect(places.toSorted((a, b) => a - b)).toEqual(requests.map((_, place) => place));
        for (const group of groups) {
          const members = group.places.flatMap((place) => requests[place] ?? []);
          expect(members.every((member) => homeOf(member) === group.home)).toBe(true);
          const rows = members.reduce((sum, member) => sum + rowsOf(member), 0);
          expect(group.size.tokens).toBe(rows);
          expect(group.places.length).toBeLessThanOrEqual(most);
          if (members.length === 1) continue;
          expect(rows).toBeLessThanOrEqual(tokens);
          const bytes = members.reduce((sum, member) => sum + bytesOf(member), 0);
          expect(bytes).toBeLessThanOrEqual(answerBytes);
        }
      }),
    );
  });
});
