import type { ScoreAnswer, SearchAnswer } from "@nightbeam/decoding";
import { describe, expect, it } from "vitest";
import { listsDifference, rowsDifference } from "../src/client/audit/agreement.js";

const tolerance = { logProb: 0.001, paths: 0.1 };
const none = Number.NEGATIVE_INFINITY;

function rows(...users: readonly (readonly number[])[]): ScoreAnswer[] {
  return users.map((logProbs) => {
    return { logProbs: Float64Array.from(logProbs), tokens: 1, milliseconds: 1 };
  });
}

describe("two answers to a tree call", () => {
  it.each([
    ["are the same", [-1, none], [-1, none], undefined],
    ["are rounded differently", [-1, -40], [-1.0009, -40.03], undefined],
    ["differ", [-1, -2], [-1, -2.01], "user 1: log-probability 1 is -2 and -2.01"],
    ["differ far below 0", [-1, -40], [-1, -41], "is -40 and -41"],
    ["differ in what is possible", [-1, none], [-1, -90], "is -Infinity and -90"],
  ])("%s", (_, a, b, difference) => {
    const found = rowsDifference(rows([-0.5], a), rows([-0.5], b), tolerance);
    if (difference === undefined) expect(found).toBeUndefined();
    else expect(found).toContain(difference);
  });
});

describe("codes outside the catalogue of two answers", () => {
  const outside = (...logProbs: readonly number[]): ScoreAnswer[] =>
    rows([-1]).map((answer) => {
      const codes = new Uint16Array(logProbs.length);
      return { ...answer, outside: { codes, logProbs: Float64Array.from(logProbs) } };
    });

  it("are compared if both have them", () => {
    expect(rowsDifference(outside(-2, none), outside(-2.0001, none), tolerance)).toBeUndefined();
    expect(rowsDifference(outside(-2), rows([-1]), tolerance)).toBeUndefined();
    const difference = "user 0: outside log-probability 1 is -4 and -3";
    expect(rowsDifference(outside(-2, -4), outside(-2, -3), tolerance)).toBe(difference);
  });
});

/** A user's list: paths with their scores. */
function list(paths: Readonly<Record<number, number>>): SearchAnswer {
  const best = Object.entries(paths).sort(([, a], [, b]) => b - a);
  const prefixes = Uint32Array.from(best, ([path]) => Number(path));
  const scores = Float64Array.from(best, ([, score]) => score);
  const costs = { draftedLevels: 0, nodes: 1, tokens: 1, milliseconds: 1 };
  return { beams: { depth: 3, prefixes, scores }, ...costs };
}

describe("two answers to whole searches", () => {
  const ten = Object.fromEntries(Array.from({ length: 10 }, (_, at) => [100 + at, -1 - at]));
  const { 109: last = 0, ...nine } = ten;
  it.each([
    ["are the same", ten, undefined],
    ["have scores that are rounded differently", { ...ten, 100: -1.002 }, undefined],
    ["have another score for a path", { ...ten, 100: -1.02 }, "a path has score -1 and -1.02"],
    ["have another last path that is as good", { ...nine, 200: last - 0.002 }, undefined],
    ["have one path of ten alone, as rounding decided", { ...nine, 200: -1.5 }, undefined],
    ["have other paths", { 100: -1, 101: -2, 201: -3, 202: -3.5, 203: -4 }, "in one list alone"],
  ])("%s", (_, other, difference) => {
    const found = listsDifference([list(ten)], [list(other)], tolerance);
    if (difference === undefined) expect(found).toBeUndefined();
    else expect(found).toContain(difference);
  });
});
