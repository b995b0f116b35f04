import { treeOf } from "@nightbeam/decoding";
import { catalogueOf, refusalOf } from "@nightbeam/testing";
import { describe, expect, it } from "vitest";
import { decodeCall } from "../src/codec/decode-call.js";
import type { VerifyRequest } from "../src/generated/nightbeam/verifier/v1/verifier.js";
import type { CallLimits } from "../src/limits.js";
import { limits, packed } from "./support/packed.js";

const { trie } = catalogueOf([
  [3, 5, 0],
  [3, 6, 0],
  [9, 5, 0],
]);

/** Two users. Trees: 3, 9, 3-5, 9-5 (asked: the last two), and 3, 3-6. */
function message(): VerifyRequest {
  return packed(trie, [
    { key: 1, prompt: Int32Array.of(10, 11), tree: treeOf(trie, [3, 5]) },
    { key: 2, prompt: Int32Array.of(12), tree: treeOf(trie, [4]) },
  ]);
}

function refusalAfter(change: (message: VerifyRequest) => void, some?: Partial<CallLimits>) {
  const changed = message();
  change(changed);
  const error = refusalOf(() => decodeCall(trie, changed, { ...limits, ...some }));
  expect(error.code).toBe("INVALID_CALL");
  return error.message;
}

describe("a call is refused", () => {
  it("only for a reason", () => {
    expect(decodeCall(trie, message(), limits).requests).toHaveLength(2);
  });

  const codes =
    (...values: number[]) =>
    (m: VerifyRequest) => {
      m.codes = values;
    };
  const parents =
    (...values: number[]) =>
    (m: VerifyRequest) => {
      m.parents = values;
    };
  const tooMany = () => undefined;

  const entries: [string, (m: VerifyRequest) => void, string][] = [
    [
      "a parent before the tree",
      parents(0, 0, 2, 2, 0, 2),
      "user 1: entry 1 of the tree has its parent 2 entries back",
    ],
    ["an entry that is its own parent", parents(0, 0, 2, 4, 0, 1), "user 0: entry 3"],
    ["a root that is not first", parents(0, 1, 2, 2, 0, 1), "user 0: entry 1"],
    [
      "a root with a code",
      parents(1, 0, 2, 2, 0, 1),
      "user 0: entry 0 of the tree is the root and has code 3",
    ],
    [
      "a code that does not follow",
      codes(3, 9, 5, 6, 3, 6),
      "user 0: entry 3 of the tree has code 6, which the catalogue does not have",
    ],
    [
      "a code beyond 16 bits",
      codes(3, 65_545, 5, 5, 3, 6),
      "user 0: entry 1 of the tree has code 65545",
    ],
    ["a duplicate", codes(3, 3, 5, 5, 3, 6), "user 0: entry 1 of the tree does not come after"],
    [
      "a descending entry",
      (m) => {
        m.codes = [9, 3, 5, 5, 3, 6];
        m.parents = [0, 0, 1, 3, 0, 1];
      },
      "user 0: entry 1 of the tree does not come after",
    ],
    [
      "an entry that comes too late",
      (m) => {
        m.parents = [0, 0, 1, 3, 0, 1];
      },
      "user 0: entry 3 of the tree does not come after",
    ],
    [
      "a whole path",
      (m) => {
        m.codes = [3, 9, 5, 0, 3, 6];
        m.parents = [0, 0, 2, 1, 0, 1];
      },
      "user 0: entry 3 of the tree is a whole code path",
    ],
    [
      "the root named as a parent",
      (m) => {
        m.codes = [0, 3, 9, 5, 3, 6];
        m.parents = [1, 1, 0, 2, 0, 1];
      },
      "user 0: entry 1 of the tree names the root",
    ],
  ];
  it.each(entries)("for %s", (_, change, expected) => {
    expect(refusalAfter(change)).toContain(expected);
  });

  const columns: [string, (m: VerifyRequest) => void, Partial<CallLimits>, string][] = [
    [
      "too few prompt lengths",
      (m) => m.promptLengths.pop(),
      {},
      "prompt_lengths has length 1, but must have 2",
    ],
    ["too many tree sizes", (m) => m.treeSizes.push(0), {}, "tree_sizes has length 3"],
    ["too few tokens", (m) => m.promptTokens.pop(), {}, "prompt_tokens has length 2"],
    ["too many codes", (m) => m.codes.push(1), {}, "codes has length 7"],
    ["too few parents", (m) => m.parents.pop(), {}, "parents has length 5"],
    [
      "wanted bits without a byte",
      (m) => {
        m.wanted = new Uint8Array();
      },
      {},
      "wanted has length 0",
    ],
    [
      "wanted bytes without an entry",
      (m) => {
        m.wanted = Uint8Array.of(1, 0);
      },
      {},
      "wanted has length 2",
    ],
    [
      "a wanted bit without an entry",
      (m) => {
        m.wanted = Uint8Array.of(64);
      },
      {},
      "wanted has a bit after the call's last entry",
    ],
    [
      "an empty prompt",
      (m) => {
        m.promptLengths = [3, 0];
      },
      {},
      "user 1: the prompt is empty",
    ],
    [
      "a long prompt",
      tooMany,
      { promptTokens: 1 },
      "user 0: the prompt has 2 tokens, but the limit is 1",
    ],
    [
      "an unknown token",
      (m) => {
        m.promptTokens[2] = 100_000;
      },
      {},
      "user 1: token 0 of the prompt is 100000",
    ],
    [
      "a token beyond 31 bits",
      (m) => {
        m.promptTokens[1] = 2 ** 32 - 1;
      },
      {},
      "user 0: token 1 of the prompt is 4294967295",
    ],
    ["too many users", tooMany, { users: 1 }, "2 users in the call, but the limit is 1"],
    [
      "too many entries",
      tooMany,
      { entries: 3 },
      "user 0: the tree has 4 entries, but the limit is 3",
    ],
    [
      "too many tokens",
      tooMany,
      { callTokens: 8 },
      "9 prompt tokens and entries, but the limit is 8",
    ],
    [
      "sizes that nothing backs",
      (m) => {
        m.treeSizes = [2 ** 32 - 1, 2];
      },
      {},
      "user 0: the tree has 4294967295 entries",
    ],
  ];
  it.each(columns)("for %s", (_, change, some, expected) => {
    expect(refusalAfter(change, some)).toContain(expected);
  });
});
