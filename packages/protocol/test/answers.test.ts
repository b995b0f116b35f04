import { refusalOf } from "@nightbeam/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeAnswers, encodeAnswers, type VerifiedCall } from "../src/codec/answers.js";
import { NumberFormat, VerifyResponse } from "../src/generated/nightbeam/verifier/v1/verifier.js";
import { fakeAnswer } from "./support/fake-scorer.js";
import { someCall } from "./support/random-calls.js";

function verified(answers: VerifiedCall["answers"]) {
  const times = { queueMs: 0.5, batchWaitMs: 1.25, computeMs: 7 };
  return { answers, ...times, waitingTokens: 12, runningTokens: 5, draining: false };
}

function overTheWire(response: VerifyResponse): VerifyResponse {
  return VerifyResponse.decode(VerifyResponse.encode(response).finish());
}

describe("answers", () => {
  it("come out as they went in, in as few bytes as that takes", () => {
    fc.assert(
      fc.property(someCall, fc.constantFrom("single", "double"), (call, precision) => {
        const { trie, requests } = call;
        const answers = requests.map((request) => {
          const answer = fakeAnswer(trie, request);
          const { logProbs } = answer;
          logProbs.fill(Number.NEGATIVE_INFINITY, 0, logProbs.length > 2 ? 1 : 0);
          return precision === "double"
            ? answer
            : { ...answer, logProbs: logProbs.map(Math.fround) };
        });
        const response = overTheWire(encodeAnswers(trie, requests, verified(answers)));
        expect(decodeAnswers(trie, requests, response)).toEqual(answers);
        if (precision === "single") {
          expect(response.format).toBe(NumberFormat.NUMBER_FORMAT_FLOAT32);
        }
        expect(response.timing).toEqual({ queueMs: 0.5, batchWaitMs: 1.25, computeMs: 7 });
        expect(response.load).toEqual({ waitingTokens: 12, runningTokens: 5 });
      }),
      { numRuns: 200 },
    );
  });

  it("are written little-endian", () => {
    const response = { ...EMPTY, logProbs: Uint8Array.of(0, 0, 0x80, 0xbf) };
    const [call] = fc.sample(someCall.filter(oneNumber), { numRuns: 1, seed: 1 });
    if (call === undefined) throw new Error("no call was found");
    const [answer] = decodeAnswers(call.trie, call.requests, {
      ...response,
      tokens: [1],
      milliseconds: [1],
    });
    expect(answer?.logProbs).toEqual(Float64Array.of(-1));
  });

  it("are refused if they do not fit the requests", () => {
    const [call] = fc.sample(someCall.filter(oneNumber), { numRuns: 1, seed: 1 });
    if (call === undefined) throw new Error("no call was found");
    const { trie, requests } = call;
    const good = { ...EMPTY, logProbs: new Uint8Array(4), tokens: [1], milliseconds: [1] };
    const bad: Partial<VerifyResponse>[] = [
      { logProbs: new Uint8Array(3) },
      { logProbs: new Uint8Array(8) },
      { format: NumberFormat.NUMBER_FORMAT_FLOAT64 },
      { format: NumberFormat.NUMBER_FORMAT_UNSPECIFIED },
      { tokens: [] },
      { milliseconds: [1, 2] },
    ];
    for (const change of bad) {
      const error = refusalOf(() => decodeAnswers(trie, requests, { ...good, ...change }));
      expect(error.code).toBe("BAD_ANSWER");
    }
    const tooLong = [{ logProbs: new Float64Array(2), tokens: 1, milliseconds: 1 }];
    const encode = () => encodeAnswers(trie, requests, verified(tooLong));
    expect(refusalOf(encode).message).toContain("user 0: log-probabilities: expected 1, got 2");
  });
});

const EMPTY: VerifyResponse = {
  logProbs: new Uint8Array(),
  format: NumberFormat.NUMBER_FORMAT_FLOAT32,
  tokens: [],
  milliseconds: [],
  timing: undefined,
  load: undefined,
  draining: false,
};

type Call = typeof someCall extends fc.Arbitrary<infer T> ? T : never;

/** Whether one user asks for one number. */
function oneNumber({ trie, requests }: Call): boolean {
  const [request, ...others] = requests;
  if (request === undefined || others.length > 0) return false;
  return fakeAnswer(trie, request).logProbs.length === 1;
}
