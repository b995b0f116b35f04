import { childCount, ROOT } from "@nightbeam/catalogue";
import { checkTree, type ScoreRequest, treeOf } from "@nightbeam/decoding";
import { fullCatalogue } from "@nightbeam/testing";
import fc from "fast-check";
import { expect, it } from "vitest";
import { joinAnswers, splitTree } from "../src/lanes/split-trees.js";

const { trie } = fullCatalogue({ levels: 4, codes: 6 });
const inner = trie.levelStart[trie.levels] ?? 1;

/** What a model would answer: the prefix and the place of each child. */
function answerTo({ tree }: ScoreRequest) {
  const logProbs: number[] = [];
  for (const entry of tree.wanted) {
    const prefix = tree.prefixes[entry] ?? ROOT;
    for (let child = 0; child < childCount(trie, prefix); child++) logProbs.push(prefix, child);
  }
  const codes = Uint16Array.from(tree.wanted, (entry) => tree.prefixes[entry] ?? ROOT);
  const outside = { codes, logProbs: Float64Array.from(codes) };
  return { logProbs: Float64Array.from(logProbs), outside, tokens: 3, milliseconds: 2 };
}

it("the pieces of a tree are trees, small, and have the answers of the whole one", () => {
  const wanted = fc.array(fc.nat({ max: inner - 1 }), { minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(wanted, fc.integer({ min: 1, max: 200 }), (prefixes, maxRows) => {
      const request = { key: 1, prompt: Int32Array.of(1, 2), tree: treeOf(trie, prefixes) };
      const pieces = splitTree(request, maxRows);
      for (const { key, tree } of pieces) {
        checkTree(trie, tree);
        expect(key).toBe(1);
        expect(tree.prefixes.length).toBeLessThanOrEqual(Math.max(64, maxRows - 2));
      }
      const joined = joinAnswers(pieces.map(answerTo));
      const { logProbs, outside } = answerTo(request);
      expect(joined).toMatchObject({ logProbs, outside });
      expect(joined.tokens).toBe(3 * pieces.length);
    }),
  );
});

it("a tree of which nothing is wanted has no pieces, and an answer without numbers", () => {
  const tree = treeOf(trie, []);
  expect(splitTree({ key: 1, prompt: Int32Array.of(1), tree }, 100)).toEqual([]);
  const unwanted = { ...treeOf(trie, [ROOT, 1]), wanted: new Uint32Array() };
  expect(splitTree({ key: 1, prompt: Int32Array.of(1), tree: unwanted }, 100)).toEqual([]);
  expect(joinAnswers([])).toEqual({ logProbs: new Float64Array(), tokens: 0, milliseconds: 0 });
});
