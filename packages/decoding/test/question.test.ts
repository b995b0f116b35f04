import { createHash } from "node:crypto";
import { type Catalogue, excludeItems, findPrefix, NOTHING_EXCLUDED } from "@nightbeam/catalogue";
import { catalogueOf } from "@nightbeam/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type CandidateOptions,
  candidateDecoder,
  publishedDecoder,
  type ShardUser,
  type SpeculativeOptions,
  speculativeDecoder,
  type Verification,
} from "../src/index.js";

const paths = [
  [1, 0, 2],
  [1, 0, 300],
  [4, 1, 1],
  [4, 1, 1],
  [7, 0, 0],
];
const catalogue = catalogueOf(paths);
/** Has other paths before and between, so that all nodes and items have other numbers. */
const renumbered = catalogueOf([...paths, [0, 0, 0], [1, 0, 3], [2, 9, 9], [4, 0, 0]]);

const target = { score: () => Promise.reject(new Error("asked")), release: () => undefined };

function optionsFor(one: Catalogue, more: Partial<SpeculativeOptions> = {}): SpeculativeOptions {
  return { target, space: { trie: one.trie, scoring: "full" }, beamWidth: 3, ...more };
}

/** Indices of all items on these paths. */
function itemsOn(one: Catalogue, ...on: readonly number[][]): number[] {
  return on.flatMap((path) => [...one.itemsAt(findPrefix(one.trie, path))]);
}

function userOf(more: Partial<ShardUser> = {}): ShardUser {
  const prompt = Int32Array.of(5, 70_000);
  return { prompt, history: new Uint32Array(), exclusion: NOTHING_EXCLUDED, ...more };
}

function questionOf(
  user: Partial<ShardUser> = {},
  options: Partial<SpeculativeOptions> = {},
  one: Catalogue = catalogue,
): string {
  return speculativeDecoder(optionsFor(one, options)).questionOf(userOf(user));
}

const sampled: Verification = { kind: "sampled", seed: 3, temperature: 0.5 };
const relaxed: Verification = { kind: "relaxed", seed: 3, temperature: 0.5, drafted: "beam" };

describe("questionOf", () => {
  it("is the SHA-256 that is documented", () => {
    const sha = (...parts: readonly (Uint8Array | string)[]) =>
      parts.reduce<ReturnType<typeof createHash>>(
        (hash, part) => hash.update(part),
        createHash("sha256"),
      );
    const u16 = (...numbers: number[]) => new Uint8Array(Uint16Array.from(numbers).buffer);
    const u32 = (...numbers: number[]) => new Uint8Array(Uint32Array.from(numbers).buffer);
    const settings = `{"question":1,"levels":3,"scoring":"full","beamWidth":3,"verification":{"kind":"sampled","seed":3,"temperature":0.5},"candidates":null,"versions":[["catalogue","c"],["target","t"]]}`;
    const base = excludeItems(catalogue, itemsOn(catalogue, [7, 0, 0]));
    const exclusion = excludeItems(catalogue, itemsOn(catalogue, [1, 0, 300], [1, 0, 2]), base);
    const expected = sha(
      sha(settings).digest(),
      sha(new Uint8Array(32), u16(7, 0, 0)).digest(),
      u32(2, 2, 4, 0),
      u32(5, 70_000),
      u16(1, 0, 2, 1, 0, 300),
      "Zoé",
    ).digest("hex");
    const versions = { target: "t", catalogue: "c" };
    expect(questionOf({ exclusion, name: "Zoé" }, { verification: sampled, versions })).toBe(
      expected,
    );
  });

  it("stays the same from release to release", () => {
    expect(questionOf()).toBe("72dac08f75deef69138816a10ecc4ebff54a19d3a282437e8e61fc4acdb51148");
    const exclusion = excludeItems(catalogue, itemsOn(catalogue, [4, 1, 1]));
    const options = { verification: relaxed, versions: { target: "t" } };
    expect(questionOf({ exclusion, name: "Ada" }, options)).toBe(
      "e88220b2e5dab64b8b4725dd8fb11646e884614d49c7cba1b3830d10c9dcd653",
    );
  });

  it("does not depend on the numbers of nodes and items", () => {
    const closed = fc.subarray([
      [1, 0, 2],
      [1, 0, 300],
      [4, 1, 1],
      [7, 0, 0],
    ]);
    fc.assert(
      fc.property(closed, closed, (own, common) => {
        const ask = (one: Catalogue) => {
          const base = excludeItems(one, itemsOn(one, ...common));
          const exclusion = excludeItems(one, itemsOn(one, ...own), base);
          return questionOf({ exclusion }, {}, one);
        };
        expect(ask(renumbered)).toBe(ask(catalogue));
      }),
    );
  });

  it("does not depend on what cannot change a strict list", () => {
    const same = [
      { name: "Ada" },
      { history: Uint32Array.of(1) },
      { onKnown: () => undefined },
      { exclusion: excludeItems(catalogue, []) },
      // One of two items on a path leaves the path open.
      { exclusion: excludeItems(catalogue, [itemsOn(catalogue, [4, 1, 1])[0] ?? 0]) },
    ];
    for (const user of same) expect(questionOf(user)).toBe(questionOf());
    const strict = { verification: { kind: "strict" }, versions: {} } as const;
    expect(questionOf({}, strict)).toBe(questionOf());
    expect(publishedDecoder(optionsFor(catalogue)).questionOf(userOf())).toBe(questionOf());
    const [one, two] = [
      { target: "t", catalogue: "c" },
      { catalogue: "c", target: "t" },
    ];
    expect(questionOf({}, { versions: one })).toBe(questionOf({}, { versions: two }));
  });

  it("depends on everything that can change a list", () => {
    const space = { trie: catalogue.trie, scoring: "renormalized" } as const;
    const closing = (...on: number[][]) => excludeItems(catalogue, itemsOn(catalogue, ...on));
    const base = closing([1, 0, 2]);
    const questions = [
      questionOf(),
      questionOf({ prompt: Int32Array.of(70_000, 5) }),
      questionOf({ prompt: Int32Array.of(5) }),
      questionOf({ exclusion: closing([1, 0, 2]) }),
      questionOf({ exclusion: closing([1, 0, 300]) }),
      questionOf({ exclusion: closing([4, 1, 1], [1, 0, 2]) }),
      questionOf({ exclusion: excludeItems(catalogue, [], base) }),
      questionOf({ exclusion: excludeItems(catalogue, itemsOn(catalogue, [7, 0, 0]), base) }),
      questionOf({}, { beamWidth: 4 }),
      questionOf({}, { space }),
      questionOf({}, { versions: { target: "t" } }),
      questionOf({}, { versions: { target: "u" } }),
      questionOf({ name: "Ada" }, { verification: sampled }),
      questionOf({ name: "Bob" }, { verification: sampled }),
      questionOf({ name: "Ada" }, { verification: { ...sampled, seed: 4 } }),
      questionOf({ name: "Ada" }, { verification: { ...sampled, temperature: 1 } }),
      questionOf({ name: "Ada" }, { verification: relaxed }),
      questionOf({ name: "Ada" }, { verification: { ...relaxed, drafted: "sampled" } }),
    ];
    expect(new Set(questions).size).toBe(questions.length);
    for (const question of questions) expect(question).toMatch(/^[0-9a-f]{64}$/);
  });

  it("has the user's own candidates, in any order, and how they are accepted", () => {
    const ask = (proposed: number[] | undefined, rules: Partial<CandidateOptions> = {}) =>
      candidateDecoder({
        ...optionsFor(catalogue),
        candidatesFor: () => proposed,
        ...{ threshold: -9, places: 2, ...rules },
      }).questionOf(userOf());
    const [first = 0, second = 0] = paths.map((path) => findPrefix(catalogue.trie, path));
    const both = [first, second];
    const newItems = { threshold: -20, isNew: (leaf: number) => leaf === first };
    expect(ask([second, first, second])).toBe(ask(both));
    expect(ask([])).toBe(ask(undefined));
    expect(ask([second, first], { newItems })).toBe(ask(both, { newItems }));
    const perLevel = 1;
    expect(ask([first, second, first], { perLevel })).toBe(ask(both, { perLevel }));
    // Those of an earlier release.
    expect(ask(both)).toBe("d504da942bbd6d7d874bda37dd6bf3ef538e6c9be2e2e55411c00dcdd777eb51");
    const questions = [
      questionOf(),
      ask(undefined),
      ask([first]),
      ask([second]),
      ask(both),
      ask([first], { threshold: -8 }),
      ask([first], { threshold: Number.POSITIVE_INFINITY }),
      ask([first], { threshold: Number.NEGATIVE_INFINITY }),
      ask([first], { places: 1 }),
      ask(both, { newItems }),
      ask(both, { newItems: { ...newItems, threshold: -21 } }),
      ask(both, { newItems: { ...newItems, isNew: (leaf) => leaf === second } }),
      ask(both, { perLevel }),
      ask(both, { perLevel: 2 }),
      ask([second, first], { perLevel }),
    ];
    expect(new Set(questions).size).toBe(questions.length);
  });
});
