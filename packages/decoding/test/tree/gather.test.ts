import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { gather, RequestGroups } from "../../src/tree/gather.js";

const MAX = 10;
const groupsOf = (requests: readonly { home: string; size: number }[]) => {
  const groups = new RequestGroups<string, number>({
    sum: (a, b) => a + b,
    fits: (size) => size <= MAX,
  });
  requests.forEach((request, place) => {
    groups.add(place, request);
  });
  return groups.groups;
};
const someRequests = fc.array(
  fc.record({ home: fc.constantFrom("a", "b", "c"), size: fc.integer({ min: 1, max: 12 }) }),
);

describe("RequestGroups", () => {
  it("has every request once, with others of its home, within the limit", () => {
    fc.assert(
      fc.property(someRequests, (requests) => {
        const groups = groupsOf(requests);
        const places = groups.flatMap((group) => group.places);
        expect(places.toSorted((a, b) => a - b)).toEqual(requests.map((_, place) => place));
        for (const group of groups) {
          const members = group.places.flatMap((place) => requests[place] ?? []);
          expect(members.every(({ home }) => home === group.home)).toBe(true);
          expect(group.size).toBe(members.reduce((sum, { size }) => sum + size, 0));
          expect(group.places).toEqual(group.places.toSorted((a, b) => a - b));
          if (members.length > 1) expect(group.size).toBeLessThanOrEqual(MAX);
        }
      }),
    );
  });

  it("begins a group only if the last one of its home is full", () => {
    const sizes = [6, 4, 1, 20, 1];
    const groups = groupsOf(sizes.map((size) => ({ home: "a", size })));
    expect(groups.map(({ places }) => places)).toEqual([[0, 1], [2], [3], [4]]);
  });
});

describe("gather", () => {
  const answer = async (requests: readonly { home: string; size: number }[]) =>
    requests.map(({ home, size }) => `${home}${size}`);

  it.each([false, true])("answers in the order of the requests, in turn: %s", async (inTurn) => {
    await fc.assert(
      fc.asyncProperty(someRequests, async (requests) => {
        const groups = groupsOf(requests);
        const answers = await gather(requests, { groups, ask: answer, inTurn });
        expect(answers).toEqual(await answer(requests));
      }),
    );
  });

  it("asks about all groups at once, or about one after the other", async () => {
    const requests = ["a", "b", "c"].map((home) => ({ home, size: 1 }));
    for (const [inTurn, expected] of [
      [false, 3],
      [true, 1],
    ] as const) {
      let running = 0;
      let max = 0;
      const ask = async (asked: readonly { home: string }[]) => {
        max = Math.max(max, ++running);
        await Promise.resolve();
        running--;
        return asked;
      };
      await gather(requests, { groups: groupsOf(requests), ask, inTurn });
      expect(max).toBe(expected);
    }
  });

  it.each([
    ["too few", []],
    ["too many", ["x", "y"]],
  ])("refuses %s answers", async (_, answers) => {
    const groups = groupsOf([{ home: "a", size: 1 }]);
    await expect(gather(["?"], { groups, ask: async () => answers })).rejects.toMatchObject({
      code: "ANSWER_SIZE",
      message: `the model gave ${answers.length} answers to 1 requests`,
    });
  });

  it("fails with the first failure once all groups are done, and reports it at once", async () => {
    const requests = ["slow", "broken"].map((home) => ({ home, size: 1 }));
    const log: string[] = [];
    let release = () => {};
    const gathered = gather(requests, {
      groups: groupsOf(requests),
      ask: async (_, { home }) => {
        if (home === "broken") throw new Error("first");
        await new Promise<void>((resolve) => {
          release = resolve;
        });
        log.push("slow is done");
        throw new Error("second");
      },
      onFailure: () => {
        log.push("failed");
        release();
      },
    });
    await expect(gathered).rejects.toThrow("first");
    expect(log).toEqual(["failed", "slow is done"]);
  });

  it("in turn, asks about no group after the first failure", async () => {
    const requests = ["a", "b"].map((home) => ({ home, size: 1 }));
    const asked: string[] = [];
    const ask = async (_: unknown, { home }: { home: string }): Promise<string[]> => {
      asked.push(home);
      throw new Error("broken");
    };
    await expect(
      gather(requests, { groups: groupsOf(requests), ask, inTurn: true }),
    ).rejects.toThrow("broken");
    expect(asked).toEqual(["a"]);
  });
});
