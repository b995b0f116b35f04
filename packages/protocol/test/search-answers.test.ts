import { fullCatalogue, refusalOf } from "@nightbeam/testing";
import fc from "fast-check";
import { expect, it } from "vitest";
import {
  decodeSearchAnswers,
  encodeSearchAnswers,
  type SearchedCall,
  searchAnswerBytes,
} from "../src/codec/search-answers.js";
import { SearchRequest, SearchResponse } from "../src/generated/nightbeam/verifier/v1/verifier.js";
import { localSearcher } from "./support/fake-handler.js";
import { packedSearch } from "./support/packed.js";
import { someSearches } from "./support/random-calls.js";

function searched(answers: SearchedCall["answers"]) {
  const times = { queueMs: 0.5, batchWaitMs: 1.25, computeMs: 7, nodeMs: 2.5 };
  return { answers, ...times, waitingTokens: 12, runningTokens: 5, draining: false };
}

function overTheWire(response: SearchResponse): SearchResponse {
  return SearchResponse.decode(SearchResponse.encode(response).finish());
}

it("found lists come out as they went in, bit for bit", async () => {
  const beamWidths = fc.integer({ min: 1, max: 50 });
  await fc.assert(
    fc.asyncProperty(someSearches, beamWidths, async ({ catalogue, requests }, beamWidth) => {
      const answers = await localSearcher(catalogue).search(requests, { beamWidth });
      const asked = { requests, beamWidth };
      const encoded = encodeSearchAnswers(catalogue.trie, asked, searched(answers));
      const response = overTheWire(encoded);
      expect(decodeSearchAnswers(catalogue.trie, asked, response)).toEqual(answers);
      expect(response.timing).toEqual({
        queueMs: 0.5,
        batchWaitMs: 1.25,
        computeMs: 7,
        nodeMs: 2.5,
      });
      expect(response.load).toEqual({ waitingTokens: 12, runningTokens: 5 });
      const bytes = SearchResponse.encode(encoded).finish().length;
      expect(bytes).toBeLessThanOrEqual(1024 + requests.length * searchAnswerBytes(beamWidth));
    }),
    { numRuns: 150 },
  );
});

it("take some 230 bytes per user at K = 20, and requests the prompt and few more", async () => {
  const catalogue = fullCatalogue({ levels: 4, codes: 15 });
  const users = 64;
  const prompts = Array.from({ length: users }, (_, user) =>
    Int32Array.from({ length: 81 }, (_, at) => (user * 31 + at * 7) % 1000),
  );
  const requests = prompts.map((prompt, key) => ({ key, prompt, closed: new Uint32Array() }));
  const answers = await localSearcher(catalogue).search(requests, { beamWidth: 20 });
  const asked = { requests, beamWidth: 20 };
  const response = encodeSearchAnswers(catalogue.trie, asked, searched(answers));
  const answerBytes = SearchResponse.encode(response).finish().length / users;
  expect(answerBytes).toBeGreaterThan(200);
  expect(answerBytes).toBeLessThan(240);
  const message = packedSearch(catalogue.trie, requests, { program: "beam-search" });
  const promptBytes = 2 * 81;
  const requestBytes = SearchRequest.encode(message).finish().length / users;
  expect(requestBytes).toBeLessThan(promptBytes + 10);
});

const { trie } = fullCatalogue({ levels: 2, codes: 3 });
const everyLeaf = Uint32Array.from({ length: 9 }, (_, leaf) => 4 + leaf);
const asked = {
  requests: [{ closed: Uint32Array.of(9) }, { closed: everyLeaf }],
  beamWidth: 3,
};
const good: SearchResponse = {
  listSizes: [3, 0],
  paths: [4, 7, 8],
  scores: [-1, -1, Number.NEGATIVE_INFINITY],
  draftedLevels: [1, 0],
  nodes: [3, 0],
  tokens: [5, 2],
  milliseconds: [1, 2],
  timing: undefined,
  load: undefined,
  draining: false,
};

it.each<[string, Partial<SearchResponse>, string]>([
  [
    "a list too short",
    { listSizes: [2, 0], paths: [4, 7], scores: [-1, -2] },
    "2 paths instead of 3",
  ],
  [
    "a closed path",
    { paths: [5, 7, 8] },
    "user 0: a path is in the list that the user may not get",
  ],
  [
    "a list of a user to whom all is closed",
    { listSizes: [3, 1], paths: [4, 7, 8, 1], scores: [-1, -1, -2, -1] },
    "user 1: 1 paths instead of 0",
  ],
  ["a score above 0", { scores: [1, -1, -2] }, "user 0: path 0 has score 1, above 0"],
  [
    "paths more probable than all",
    { scores: [-0.5, -0.7, -2] },
    "the probabilities of the paths sum to 1.2",
  ],
  ["a time that is no number", { milliseconds: [1, Number.NaN] }, "user 1: milliseconds is NaN"],
  [
    "an endless wait",
    { timing: { queueMs: Number.POSITIVE_INFINITY, batchWaitMs: 1, computeMs: 1, nodeMs: 1 } },
    "queueMs is Infinity",
  ],
  ["more drafted levels than there are", { draftedLevels: [3, 0] }, "3 levels were drafted"],
  ["a user missing", { listSizes: [3] }, "column listSizes: expected 2, got 1"],
  ["a column too short", { nodes: [3] }, "column nodes: expected 2, got 1"],
  ["a path missing", { paths: [4, 7] }, "column paths: expected 3, got 2"],
  ["a score too many", { scores: [-1, -2, -3, -4] }, "column scores: expected 3, got 4"],
  ["a path beyond the catalogue", { paths: [4, 7, 9] }, "user 0: path 2 is not in the catalogue"],
  [
    "a path twice",
    { paths: [4, 7, 4], scores: [-1, -2, -3] },
    "user 0: a path is in the list twice",
  ],
  ["a better score later", { scores: [-2, -1, -3] }, "user 0: path 1 with score -1"],
  ["equal scores in another order", { paths: [7, 4, 8] }, "user 0: path 1 with score -1"],
  ["a score that is no number", { scores: [-1, Number.NaN, -2] }, "user 0: path 1 with score NaN"],
  ["infinity", { scores: [Number.POSITIVE_INFINITY, -1, -2] }, "user 0: path 0 has score Infinity"],
  [
    "more paths than beams",
    { listSizes: [4, 0], paths: [4, 5, 6, 7], scores: [-1, -2, -3, -4] },
    "user 0: 4 paths instead of 3",
  ],
])("an answer is refused for %s", (_, change, message) => {
  expect(decodeSearchAnswers(trie, asked, good)).toHaveLength(2);
  const error = refusalOf(() => decodeSearchAnswers(trie, asked, { ...good, ...change }));
  expect(error).toMatchObject({ code: "BAD_ANSWER", message: expect.stringContaining(message) });
});

it("what the model found is checked before it is sent", () => {
  const answers = decodeSearchAnswers(trie, asked, good);
  const encode = (some: SearchedCall["answers"]) =>
    encodeSearchAnswers(trie, asked, searched(some));
  expect(refusalOf(() => encode(answers.slice(1))).message).toContain("answers: expected 2, got 1");
  const [first] = answers;
  if (first === undefined) throw new Error("no answer");
  const leaf = { ...first, beams: { ...first.beams, prefixes: Uint32Array.of(1, 2, 3) } };
  expect(refusalOf(() => encode([leaf, leaf])).message).toContain("not in the catalogue");
});
