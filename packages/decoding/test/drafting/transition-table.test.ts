import { describe, expect, it } from "vitest";
import { TransitionCounter, type TransitionTable } from "../../src/index.js";
import { counted } from "../support/counted.js";

function successorsOf(table: TransitionTable, item: number): [item: number, share: number][] {
  const successors: [number, number][] = [];
  table.forEachSuccessor(item, (successor, share) => successors.push([successor, share]));
  return successors;
}

describe("TransitionCounter", () => {
  it("counts the k-th item after another as 1 / k, up to the third", () => {
    const table = counted(6, [[0, 1, 2, 3, 4], [5]]);
    const total = 1 + 1 / 2 + 1 / 3;
    expect(successorsOf(table, 0)).toEqual([
      [1, expect.closeTo(1 / total)],
      [2, expect.closeTo(1 / 2 / total)],
      [3, expect.closeTo(1 / 3 / total)],
    ]);
    expect(successorsOf(table, 3)).toEqual([[4, 1]]);
    expect(successorsOf(table, 4)).toEqual([]);
    expect(successorsOf(table, 5)).toEqual([]);
  });

  it("puts the frequent successors first, equal ones by index, in any order of histories", () => {
    const histories = [
      [0, 3],
      [0, 2],
      [0, 1],
      [0, 3],
    ];
    const table = counted(4, histories);
    expect(successorsOf(table, 0)).toEqual([
      [3, 0.5],
      [1, 0.25],
      [2, 0.25],
    ]);
    expect(successorsOf(counted(4, histories.toReversed()), 0)).toEqual(successorsOf(table, 0));
  });

  it("keeps the 128 most frequent successors", () => {
    const counter = new TransitionCounter(2000);
    for (let round = 0; round < 3; round++) counter.add([0, 1999]);
    for (let item = 1; item < 1500; item++) counter.add([0, item]);
    const successors = successorsOf(counter.finish(), 0);
    expect(successors.map(([item]) => item)).toEqual([
      1999,
      ...Array.from({ length: 127 }, (_, i) => i + 1),
    ]);
    const sum = successors.reduce((total, [, share]) => total + share, 0);
    expect(sum).toBeCloseTo(1, 5);
  });

  it("forgets the rarest successors if there are more than 512", () => {
    const rare = Array.from({ length: 513 }, (_, i) => i + 1);
    const [within, beyond] = [512, 513].map((different) => {
      const counter = new TransitionCounter(600);
      for (const item of rare.slice(0, different)) counter.add([0, item]);
      counter.add([0, 400]);
      return successorsOf(counter.finish(), 0);
    });
    // Its second count comes on top of the first, or finds that forgotten.
    expect(within?.[0]?.[0]).toBe(400);
    expect(beyond?.some(([item]) => item === 400)).toBe(false);
  });

  it("can be finished, fed and finished again", () => {
    const counter = new TransitionCounter(3);
    counter.add([0, 1]);
    const before = counter.finish();
    counter.add([0, 2]);
    expect(successorsOf(before, 0)).toEqual([[1, 1]]);
    expect(successorsOf(counter.finish(), 0)).toHaveLength(2);
  });

  it("refuses an index that is not an item", () => {
    for (const item of [3, -1, 0.5]) {
      expect(() => new TransitionCounter(3).add([0, item])).toThrow(RangeError);
    }
  });
});
