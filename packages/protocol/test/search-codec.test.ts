import { catalogueOf, refusalOf } from "@nightbeam/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeSearch } from "../src/codec/decode-search.js";
import { ProtocolError } from "../src/errors.js";
import { SearchRequest } from "../src/generated/nightbeam/verifier/v1/verifier.js";
import type { CallLimits } from "../src/limits.js";
import { limits, packedSearch } from "./support/packed.js";
import { someSearches } from "./support/random-calls.js";

/** Over the wire and back. */
function overTheWire(message: SearchRequest): SearchRequest {
  return SearchRequest.decode(SearchRequest.encode(message).finish());
}

/** The columns of a request, each of which a mutation may hit. */
const COLUMNS = [
  "promptLengths",
  "promptTokens",
  "closedForAll",
  "closedSizes",
  "closed",
  "draftedSizes",
  "codes",
  "parents",
] as const;

const mutation = fc.record({
  column: fc.constantFrom(...COLUMNS),
  place: fc.nat({ max: 30 }),
  deleted: fc.nat({ max: 2 }),
  inserted: fc.array(fc.oneof(fc.nat({ max: 5 }), fc.nat({ max: 2 ** 32 - 1 })), { maxLength: 2 }),
});

describe("a call for whole searches", () => {
  it("comes out as it went in", () => {
    fc.assert(
      fc.property(someSearches, ({ catalogue: { trie }, requests }) => {
        const message = overTheWire(packedSearch(trie, requests, { beamWidth: 7 }));
        const decoded = decodeSearch(trie, message, limits);
        expect(decoded).toEqual({ program: "verify-tree", beamWidth: 7, requests });
      }),
      { numRuns: 400 },
    );
  });

  it("is refused or gives valid requests, no matter how its columns are changed", () => {
    let refused = 0;
    let taken = 0;
    const changes = fc.array(mutation, { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(someSearches, changes, ({ catalogue: { trie }, requests }, mutations) => {
        const message = packedSearch(trie, requests);
        for (const { column, place, deleted, inserted } of mutations) {
          const values = [...message[column]];
          values.splice(place, deleted, ...inserted);
          message[column] = values;
        }
        try {
          const decoded = decodeSearch(trie, overTheWire(message), limits);
          const firstLeaf = trie.levelStart[trie.levels] ?? 0;
          for (const { prompt, closed, drafted = new Uint32Array() } of decoded.requests) {
            expect(prompt.length).toBeGreaterThan(0);
            expect(prompt.every((token) => token >= 0 && token < limits.vocabulary)).toBe(true);
            expectAscending(closed, { from: firstLeaf, to: trie.codes.length });
            expectAscending(drafted, { from: 1, to: firstLeaf });
          }
          taken++;
        } catch (error) {
          if (!(error instanceof ProtocolError)) throw error;
          expect(error.code).toBe("INVALID_CALL");
          refused++;
        }
      }),
      { numRuns: 1_500 },
    );
    // Both ways are walked often.
    expect(Math.min(refused, taken)).toBeGreaterThan(50);
  });
});

function expectAscending(values: Iterable<number>, range: { from: number; to: number }): void {
  let before = range.from - 1;
  for (const value of values) {
    expect(value).toBeGreaterThan(before);
    expect(value).toBeLessThan(range.to);
    before = value;
  }
}

/** Prefixes 3, 9; 3-5, 3-6, 9-5; the paths have the nodes 6, 7 and 8, so the numbers 0, 1 and 2. */
const { trie } = catalogueOf([
  [3, 5, 0],
  [3, 6, 0],
  [9, 5, 0],
]);

function message(): SearchRequest {
  return packedSearch(trie, [
    { key: 0, prompt: Int32Array.of(10, 11), closed: Uint32Array.of(6, 8), drafted: nodes(1, 4) },
    { key: 1, prompt: Int32Array.of(12), closed: Uint32Array.of(6, 7) },
  ]);
}

function nodes(...values: number[]): Uint32Array {
  return Uint32Array.from(values);
}

it("has a form that others can write: differences of closed paths, common ones once", () => {
  expect(message()).toMatchObject({
    program: 3,
    beamWidth: 5,
    promptLengths: [2, 1],
    promptTokens: [10, 11, 12],
    closedForAll: [0],
    closedSizes: [1, 1],
    closed: [2, 1],
    draftedSizes: [2, 0],
    codes: [3, 6],
    parents: [0, 1],
  });
  const all = packedSearch(trie, [
    { key: 0, prompt: Int32Array.of(10), closed: Uint32Array.of(6, 7, 8) },
  ]);
  expect(all).toMatchObject({ closedForAll: [0, 1, 1], closedSizes: [0], closed: [] });
});

describe("a call for whole searches is refused", () => {
  it("only for a reason", () => {
    expect(decodeSearch(trie, message(), limits).requests).toHaveLength(2);
  });

  const set = (change: Partial<SearchRequest>) => (m: SearchRequest) =>
    void Object.assign(m, change);
  const asIs = () => undefined;
  const reasons: [string, (m: SearchRequest) => void, Partial<CallLimits>, string][] = [
    ["no beam width", set({ beamWidth: 0 }), {}, "the beam width is 0: give 1 to 1000"],
    ["a wide beam", asIs, { beamWidth: 4 }, "the beam width is 5: give 1 to 4"],
    ["the tree call's program", set({ program: 1 }), {}, "call Verify"],
    [
      "a draft that nothing reads",
      set({ program: 2 }),
      {},
      "beam-search takes no drafted prefixes",
    ],
    ["an empty prompt", set({ promptLengths: [3, 0] }), {}, "user 1: the prompt is empty"],
    ["a long prompt", asIs, { promptTokens: 1 }, "user 0: the prompt has 2 tokens"],
    ["an unknown token", set({ promptTokens: [1, 100_000, 2] }), {}, "user 0: token 1 of the"],
    ["too many tokens", set({ promptTokens: [1, 2, 3, 4] }), {}, "prompt_tokens has length 4"],
    ["too few closed sizes", set({ closedSizes: [2] }), {}, "closed_sizes has length 1"],
    ["too few drafted sizes", set({ draftedSizes: [2] }), {}, "drafted_sizes has length 1"],
    ["too few closed paths", set({ closed: [2] }), {}, "closed has length 1, but must have 2"],
    ["too many codes", set({ codes: [3, 6, 1] }), {}, "codes has length 3"],
    ["too few parents", set({ parents: [0] }), {}, "parents has length 1"],
    [
      "a path beyond the catalogue",
      set({ closed: [3, 1] }),
      {},
      "user 0: closed path 0 is beyond the catalogue's 3 code paths",
    ],
    [
      "a difference of 32 bits",
      set({ closedForAll: [2, 2 ** 32 - 1], closedSizes: [0, 0], closed: [] }),
      {},
      "closed path 1 is beyond",
    ],
    [
      "a repeated path",
      set({ closedForAll: [1, 0], closedSizes: [0, 0], closed: [] }),
      {},
      "closed path 1 repeats",
    ],
    ["a path closed twice", set({ closed: [2, 0] }), {}, "user 1: a closed path is also closed"],
    [
      "the root",
      set({ codes: [0, 3], parents: [1, 0] }),
      {},
      "user 0: entry 0 of the tree is the root",
    ],
    [
      "a code that does not follow",
      set({ codes: [3, 7] }),
      {},
      "user 0: entry 1 of the tree has code 7",
    ],
    [
      "a whole path",
      set({ draftedSizes: [3, 0], codes: [3, 5, 0], parents: [0, 1, 1] }),
      {},
      "entry 2 of the tree is a whole code path",
    ],
    ["too many users", asIs, { users: 1 }, "2 users in the call, but the limit is 1"],
    ["too many closed paths", asIs, { closedPaths: 1 }, "user 0: 2 paths are closed"],
    ["too many entries", asIs, { entries: 1 }, "user 0: the tree has 2 entries"],
    ["too much of all", asIs, { callTokens: 7 }, "8 prompt tokens, closed paths and entries"],
    [
      "sizes that nothing backs",
      set({ closedSizes: [2 ** 32 - 1, 1] }),
      {},
      "user 0: 4294967296 paths are closed",
    ],
  ];
  it.each(reasons)("for %s", (_, change, some, expected) => {
    const changed = message();
    change(changed);
    const error = refusalOf(() => decodeSearch(trie, changed, { ...limits, ...some }));
    expect(error.message).toContain(expected);
    expect(error.code).toBe("INVALID_CALL");
  });

  it("with another code for a program that this version does not know", () => {
    const unknown = SearchRequest.decode(
      // Field 4, the program, has the value 9.
      Uint8Array.of(...SearchRequest.encode(message()).finish(), 4 << 3, 9),
    );
    const error = refusalOf(() => decodeSearch(trie, unknown, limits));
    expect(error).toMatchObject({ code: "WRONG_MODEL" });
  });
});
