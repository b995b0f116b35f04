import { ROOT } from "@nightbeam/catalogue";
import { type ScoreAnswer, type ScoreRequest, treeOf } from "@nightbeam/decoding";
import { fullCatalogue, refusalOf } from "@nightbeam/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeAnswers, encodeAnswers, type VerifiedCall } from "../src/codec/answers.js";
import { NumberFormat, VerifyResponse } from "../src/generated/nightbeam/verifier/v1/verifier.js";
import { fakeAnswer } from "./support/fake-scorer.js";
import { someCall } from "./support/random-calls.js";

function verified(answers: VerifiedCall["answers"]) {
  const times = { queueMs: 0.5, batchWaitMs: 1.25, computeMs: 7, nodeMs: 2.5 };
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
          const answer = withOutside(request, fakeAnswer(trie, request));
          const { logProbs } = answer;
          logProbs.fill(Number.NEGATIVE_INFINITY, 0, logProbs.length > 2 ? 1 : 0);
          return precision === "double"
            ? answer
            : { ...answer, logProbs: logProbs.map(Math.fround) };
        });
        const response = overTheWire(encodeAnswers(trie, requests, verified(answers)));
        expect(decodeAnswers(trie, { requests, scoring: "full" }, response)).toEqual(answers);
        if (precision === "single") {
          expect(response.format).toBe(NumberFormat.NUMBER_FORMAT_FLOAT32);
        }
        expect(response.timing).toEqual({
          queueMs: 0.5,
          batchWaitMs: 1.25,
          computeMs: 7,
          nodeMs: 2.5,
        });
        expect(response.load).toEqual({ waitingTokens: 12, runningTokens: 5 });
      }),
      { numRuns: 200 },
    );
  });

  it("have codes outside the catalogue that are refused if they do not fit", () => {
    const [call] = fc.sample(someCall.filter(oneNumber), { numRuns: 1, seed: 1 });
    const [request] = call?.requests ?? [];
    if (call === undefined || request === undefined) throw new Error("no call was found");
    const requests = [{ ...request, outside: 2 }];
    const answers = requests.map((one) => withOutside(one, fakeAnswer(call.trie, one)));
    const good = encodeAnswers(call.trie, requests, verified(answers));
    const read = (response: VerifyResponse) =>
      decodeAnswers(call.trie, { requests, scoring: "full" }, response);
    expect(read(good)).toEqual(answers);
    const none = { outsideCodes: [], outsideLogProbs: new Uint8Array() };
    expect(read({ ...good, ...none })[0]?.outside).toBeUndefined();
    const size = good.outsideLogProbs.length / 2;
    const swapped = [good.outsideLogProbs.slice(size), good.outsideLogProbs.slice(0, size)];
    for (const bad of [
      { outsideCodes: [1] },
      { outsideCodes: [1, 65_536] },
      { outsideLogProbs: good.outsideLogProbs.slice(1) },
      { outsideLogProbs: good.outsideLogProbs.map(() => 0xff) },
      { outsideLogProbs: Uint8Array.from(swapped.flatMap((part) => [...part])) },
    ]) {
      expect(refusalOf(() => read({ ...good, ...bad }))).toMatchObject({ code: "BAD_ANSWER" });
    }
  });

  it("are written little-endian", () => {
    const response = { ...EMPTY, logProbs: Uint8Array.of(0, 0, 0x80, 0xbf) };
    const scoring = "full";
    const [call] = fc.sample(someCall.filter(oneNumber), { numRuns: 1, seed: 1 });
    if (call === undefined) throw new Error("no call was found");
    const [answer] = decodeAnswers(
      call.trie,
      { ...call, scoring },
      {
        ...response,
        tokens: [1],
        milliseconds: [1],
      },
    );
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
      const error = refusalOf(() =>
        decodeAnswers(trie, { requests, scoring: "full" }, { ...good, ...change }),
      );
      expect(error.code).toBe("BAD_ANSWER");
    }
    const tooLong = [{ logProbs: new Float64Array(2), tokens: 1, milliseconds: 1 }];
    const encode = () => encodeAnswers(trie, requests, verified(tooLong));
    expect(refusalOf(encode).message).toContain("user 0: log-probabilities: expected 1, got 2");
  });
});

describe("an answer that no model can give is refused", () => {
  const { trie } = fullCatalogue({ levels: 2, codes: 4 });
  const requests = [1, 2].map((key) => {
    return { key, prompt: Int32Array.of(1), tree: treeOf(trie, [ROOT, 2]) };
  });
  const quarter = Math.log(0.25);
  const even = [quarter, quarter, quarter, quarter];
  const read = (values: readonly number[], scoring: "full" | "renormalized") => {
    const answers = [even.concat(even), [...values]].map((logProbs) => {
      return { logProbs: Float64Array.from(logProbs), tokens: 1, milliseconds: 1 };
    });
    const response = overTheWire(encodeAnswers(trie, requests, verified(answers)));
    return decodeAnswers(trie, { requests, scoring }, response);
  };
  const none = Number.NEGATIVE_INFINITY;
  const nothing = [none, none, none, none];

  it.each<[string, readonly number[], readonly ("full" | "renormalized")[], string]>([
    ["NaN", [Number.NaN, ...even.slice(1)], ["full", "renormalized"], "child 0 is NaN"],
    [
      "infinity",
      [...even.slice(1), Number.POSITIVE_INFINITY],
      ["full", "renormalized"],
      "child 3 is Infinity",
    ],
    ["a log-probability above 0", [0.001, none, none, none], ["full", "renormalized"], "is 0.001"],
    ["all zeros", [0, 0, 0, 0], ["full", "renormalized"], "sum to 4, more than 1"],
    ["a sum above 1", [-1, -1, -1, -2], ["full", "renormalized"], "sum to 1.2"],
    ["a sum below 1", [-2, -2, -2, -2], ["renormalized"], "sum to 0.54"],
    ["nothing possible", nothing, ["renormalized"], "sum to 0 instead of 1"],
  ])("%s", (_, row, scorings, message) => {
    for (const scoring of ["full", "renormalized"] as const) {
      const bad = () => read([...even, ...row], scoring);
      if (!scorings.includes(scoring)) expect(bad()).toHaveLength(2);
      else {
        expect(refusalOf(bad)).toMatchObject({
          code: "BAD_ANSWER",
          message: expect.stringMatching(new RegExp(`user 1: after prefix 2, .*${message}`)),
        });
      }
    }
  });

  it("but rounding is none", () => {
    const rounded = [1e-6, -1e5, none, none];
    expect(read([...even, ...rounded], "renormalized")[1]?.logProbs.slice(4)).toEqual(
      Float64Array.from(rounded),
    );
  });
});

/** An answer with the codes that the request wants, as likely as can be written in four bytes. */
function withOutside({ outside = 0, tree }: ScoreRequest, answer: ScoreAnswer): ScoreAnswer {
  if (outside === 0) return answer;
  const length = outside * tree.wanted.length;
  const codes = Uint16Array.from({ length }, (_, at) => 65_535 - at);
  const logProbs = Float64Array.from({ length }, (_, at) => -(at % outside) / 4);
  return { ...answer, outside: { codes, logProbs } };
}

const EMPTY: VerifyResponse = {
  logProbs: new Uint8Array(),
  outsideCodes: [],
  outsideLogProbs: new Uint8Array(),
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
