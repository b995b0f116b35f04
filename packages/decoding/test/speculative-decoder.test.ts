import { NOTHING_EXCLUDED } from "@nightbeam/catalogue";
import { fullCatalogue, thrownBy } from "@nightbeam/testing";
import { describe, expect, it } from "vitest";
import {
  type BatchMeasure,
  type DecodeJob,
  emptyDrafter,
  fixedWidths,
  ModelDrafter,
  type ScoreAnswer,
  type Scorer,
  speculativeDecoder,
  uniformWidths,
} from "../src/index.js";
import { decodeBatch } from "./support/decode.js";
import { fakeModel } from "./support/fake-model.js";
import { FakeScorer } from "./support/fakes.js";

const { trie } = fullCatalogue({ levels: 3, codes: 3 });
const model = fakeModel({ seed: 4, scoring: "full" });
const jobs = [[1], [2, 2], [3]].map(
  (prompt, key): DecodeJob => ({
    key,
    prompt: Int32Array.from(prompt),
    history: new Uint32Array(),
    exclusion: NOTHING_EXCLUDED,
  }),
);
const base = {
  drafter: emptyDrafter,
  policy: fixedWidths([]),
  space: { trie, scoring: "full" },
  beamWidth: 2,
} as const;

/** A scorer whose answers are spoilt. */
function spoilt(spoil: (answers: readonly ScoreAnswer[]) => readonly ScoreAnswer[]) {
  const scorer = new FakeScorer(trie, model);
  const released: number[] = [];
  return {
    released,
    score: async (requests) => spoil(await scorer.score(requests)),
    release: (keys) => void released.push(...keys),
  } satisfies Scorer & { released: number[] };
}

/** Spoils the log-probabilities of the last answer alone. */
const lastRow =
  (spoil: (logProbs: Float64Array) => Float64Array) =>
  (answers: readonly ScoreAnswer[]): ScoreAnswer[] =>
    answers.map((answer, at) =>
      at === answers.length - 1 ? { ...answer, logProbs: spoil(answer.logProbs) } : answer,
    );

const breaches: [string, string, Parameters<typeof spoilt>[0]][] = [
  ["ANSWER_SIZE", "an answer missing", (answers) => answers.slice(1)],
  ["ANSWER_SIZE", "an answer too many", (answers) => [...answers, ...answers.slice(1)]],
  ["ANSWER_SIZE", "a value missing", lastRow((row) => row.slice(1))],
  ["ANSWER_SIZE", "a value too many", lastRow((row) => Float64Array.of(...row, -1))],
  ["NOT_A_NUMBER", "NaN", lastRow((row) => row.fill(Number.NaN, 2, 3))],
  ["NOT_A_NUMBER", "infinity", lastRow((row) => row.fill(Number.POSITIVE_INFINITY, 0, 1))],
];

describe.each(breaches)("a scorer that breaks its contract: %s for %s", (code, _, spoil) => {
  it("fails the batch as the target, and all keys are released", async () => {
    const target = spoilt(spoil);
    await expect(decodeBatch({ ...base, target }, jobs)).rejects.toMatchObject({
      name: "DecodingError",
      code,
    });
    expect(target.released).toEqual([0, 1, 2]);
  });

  it("fails the batch as the draft, too", async () => {
    const draft = spoilt(spoil);
    const decoder = {
      ...base,
      target: new FakeScorer(trie, model),
      drafter: new ModelDrafter(draft),
      policy: fixedWidths([2, 2]),
    };
    await expect(decodeBatch(decoder, jobs)).rejects.toMatchObject({ code });
    expect(draft.released).toEqual([0, 1, 2]);
  });
});

describe("speculativeDecoder", () => {
  it("asks the target once per round for all users", async () => {
    const target = new FakeScorer(trie, model);
    await decodeBatch({ ...base, target }, jobs);
    expect(target.calls.map((requests) => requests.map(({ key }) => key))).toEqual([
      [0, 1, 2],
      [0, 1, 2],
      [0, 1, 2],
    ]);
  });

  it("does not ask about users who are done", async () => {
    const target = new FakeScorer(trie, model);
    // Right for the users whose prompt has one token, wrong for the other.
    const wrong = fakeModel({ seed: 4, scoring: "full", opposite: true });
    const drafter = new ModelDrafter(
      new FakeScorer(trie, {
        logProbs: (prompt, after) => (prompt.length === 1 ? model : wrong).logProbs(prompt, after),
      }),
    );
    await decodeBatch({ ...base, target, drafter, policy: fixedWidths([2, 2]) }, jobs);
    const [, ...followUps] = target.calls.map((requests) => requests.map(({ key }) => key));
    expect(followUps.length).toBeGreaterThan(0);
    for (const keys of followUps) expect(keys).toEqual([1]);
  });

  it("asks no drafter if the policy drafts nothing", async () => {
    const draft = new FakeScorer(trie, model);
    const drafter = { ...emptyDrafter, draft: () => Promise.reject(new Error("asked")) };
    for (const widths of [[], [0, 0]]) {
      const target = new FakeScorer(trie, model);
      const policy = fixedWidths(widths);
      await expect(decodeBatch({ ...base, target, drafter, policy }, jobs)).resolves.toHaveLength(
        3,
      );
    }
    expect(draft.calls).toEqual([]);
  });

  it("reports each batch to the policy, before with its size and after with its cost", async () => {
    const measures: BatchMeasure[] = [];
    const ahead: unknown[] = [];
    const policy = {
      widthsFor: (outlook: unknown) => {
        ahead.push(outlook);
        return [];
      },
      observe: (measure: BatchMeasure) => void measures.push(measure),
    };
    const outcomes = await decodeBatch(
      { ...base, policy, target: new FakeScorer(trie, model) },
      jobs,
    );
    expect(ahead).toEqual([{ users: 3, promptTokens: 2 }]);
    const tokens = outcomes.reduce((sum, { cost }) => sum + cost.tokens, 0);
    // The fake works a millisecond for each answer.
    const calls = outcomes.reduce((sum, { cost }) => sum + cost.calls, 0);
    expect(measures).toEqual([
      { users: 3, promptTokens: 2, widths: [], tokens, milliseconds: calls },
    ]);
  });

  it("leaves a job whose signal is aborted out of further calls, and finishes the others", async () => {
    const controller = new AbortController();
    const scorer = new FakeScorer(trie, model);
    const asked: number[][] = [];
    const target: Scorer = {
      score: async (requests) => {
        asked.push(requests.map(({ key }) => key));
        controller.abort();
        return scorer.score(requests);
      },
      release: (keys) => scorer.release(keys),
    };
    const given = jobs.map((job) => (job.key === 1 ? { ...job, signal: controller.signal } : job));
    const { signal } = new AbortController();
    const outcomes = await speculativeDecoder({ ...base, target }).decode(given, signal);
    const whole = await speculativeDecoder({ ...base, target: scorer }).decode(jobs, signal);
    expect(asked).toEqual([
      [0, 1, 2],
      [0, 2],
      [0, 2],
    ]);
    expect(outcomes[0]?.beams).toEqual(whole[0]?.beams);
    expect(outcomes[2]?.beams).toEqual(whole[2]?.beams);
  });

  it("stops between two rounds when it is aborted, and releases all keys", async () => {
    const target = new FakeScorer(trie, model);
    const controller = new AbortController();
    const aborting: Scorer = {
      score: async (requests) => {
        const answers = await target.score(requests);
        if (target.calls.length === 2) controller.abort(new Error("enough"));
        return answers;
      },
      release: (keys) => target.release(keys),
    };
    const decoder = speculativeDecoder({ ...base, target: aborting });
    await expect(decoder.decode(jobs, controller.signal)).rejects.toThrow("enough");
    expect(target.calls).toHaveLength(2);
    expect(target.heldKeys).toEqual([]);
  });

  it("does not report a batch that failed", async () => {
    const observe = () => {
      throw new Error("observed");
    };
    const policy = { ...fixedWidths([]), observe };
    const target = spoilt(() => []);
    const decoded = decodeBatch({ ...base, policy, target }, jobs);
    await expect(decoded).rejects.toMatchObject({ code: "ANSWER_SIZE" });
  });
});

describe("widths", () => {
  it("are one number for every depth but the last, or none", () => {
    expect(uniformWidths(40, 4)).toEqual([40, 40, 40]);
    expect(uniformWidths(0, 4)).toEqual([]);
  });

  it.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])("are whole numbers, not %s", (width) => {
    expect(thrownBy(() => fixedWidths([3, width]))).toMatchObject({ code: "BAD_OPTION" });
    expect(thrownBy(() => uniformWidths(width, 4))).toMatchObject({ code: "BAD_OPTION" });
  });
});
