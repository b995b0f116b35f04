import { catalogueOf } from "@nightbeam/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Answer,
  type Certificate,
  type DecodingErrorCode,
  decodeAnswer,
  decodeShard,
  encodeAnswer,
  outcomeOf,
  type Verification,
} from "../../src/index.js";
import { decodeBatch } from "../support/decode.js";
import { drafterFor, optionsFor, someScenario, USER } from "../support/scenario.js";
import { setUp, user } from "../support/shards.js";

const someVerification = fc.constantFrom<Verification>(
  { kind: "strict" },
  { kind: "sampled", seed: 3, temperature: 1 },
);

/** Codes, children and refutations as a certificate has them; the bytes do not care what they mean. */
const someCertificate: fc.Arbitrary<Certificate> = fc
  .array(
    fc.record({
      code: fc.nat(65_535),
      children: fc.nat(300),
      refutedBy: fc.nat(127),
      newCodes: fc.option(fc.uniqueArray(fc.nat(65_535), { maxLength: 9 })),
    }),
    { minLength: 1, maxLength: 200, size: "max" },
  )
  .map((nodes) => {
    const firstChild = new Uint32Array(nodes.length + 1).fill(1);
    nodes.forEach(({ children }, at) => {
      firstChild[at + 1] = (firstChild[at] ?? 0) + children;
    });
    return {
      tree: { codes: Uint16Array.from(nodes, ({ code }) => code), firstChild },
      codesPerLevel: Uint32Array.of(1, 256, 65_536),
      refutedBy: Uint8Array.from(nodes, ({ refutedBy }) => refutedBy),
      newCodes: new Map(
        nodes.flatMap(({ newCodes }, at) =>
          newCodes === null ? [] : [[at, Uint16Array.from(newCodes).sort()]],
        ),
      ),
    };
  });

const someAnswer: fc.Arbitrary<Answer> = fc
  .record({ beams: fc.nat(40), levels: fc.integer({ min: 2, max: 12 }) })
  .chain(({ beams, levels }) => {
    const shape = (length: number) => ({ minLength: length, maxLength: length });
    const floats = fc.float64Array({ ...shape(beams), noNaN: true });
    return fc.record(
      {
        paths: fc.uint16Array(shape(beams * levels)),
        scores: floats,
        logProbs: floats,
        certificate: someCertificate,
      },
      { requiredKeys: ["paths", "scores"], noNullPrototype: true },
    );
  });

describe("an answer", () => {
  it("gives the search's own outcome, from bytes, and costs nothing", async () => {
    await fc.assert(
      fc.asyncProperty(
        someScenario({ excluding: true, values: [2, 1e6] }),
        someVerification,
        async (scenario, verification) => {
          const { prompt, history, exclusion, catalogue } = scenario;
          const options = { ...optionsFor(scenario, drafterFor("none", scenario)), verification };
          const answers: Answer[] = [];
          const onAnswer = (answer: Answer) => void answers.push(answer);
          const job = { key: 7, name: USER, prompt, history, exclusion, onAnswer };
          const [outcome] = await decodeBatch(options, [job]);
          const kept = answers.map((answer) => decodeAnswer(encodeAnswer(answer)));
          expect(kept).toEqual(answers);
          const [reused] = kept.map((answer) => outcomeOf(answer, catalogue.trie));
          expect(reused?.cost.calls).toBe(0);
          const { prefixes, scores, logProbs } = outcome?.beams ?? {};
          expect(reused?.beams).toMatchObject({ prefixes, scores, ...(logProbs && { logProbs }) });
        },
      ),
      { numRuns: 40 },
    );
  });

  it("is given to every user who wants one, also to those with the same question", async () => {
    const heard: string[] = [];
    const wanting = (name: string) => ({ ...user([1, 2]), onAnswer: () => void heard.push(name) });
    await decodeShard([user([1, 2]), wanting("second"), wanting("third")], setUp().options());
    expect(heard).toEqual(["second", "third"]);
  });

  it("has no outcome in a catalogue that lacks a path, or has other levels", () => {
    const answer = { paths: Uint16Array.of(1, 2, 1, 3), scores: Float64Array.of(-1, -2) };
    const beamsIn = (paths: number[][]) => outcomeOf(answer, catalogueOf(paths).trie)?.beams;
    expect(
      beamsIn([
        [1, 2],
        [1, 3],
        [0, 0],
      ])?.prefixes,
    ).toEqual(Uint32Array.of(4, 5));
    expect(
      beamsIn([
        [1, 2],
        [0, 0],
      ]),
    ).toBeUndefined();
    expect(
      beamsIn([
        [1, 2, 1],
        [1, 3, 1],
      ]),
    ).toBeUndefined();
  });

  it("is refused if a byte is damaged or missing", () => {
    fc.assert(
      fc.property(someAnswer, fc.nat(), fc.integer({ min: 1, max: 255 }), (answer, where, flip) => {
        const bytes = encodeAnswer(answer);
        expect(decodeAnswer(bytes)).toEqual(answer);
        const damaged = bytes.slice();
        const at = where % bytes.length;
        damaged[at] = (damaged[at] ?? 0) ^ flip;
        const code: DecodingErrorCode = "BAD_ANSWER";
        expect(() => decodeAnswer(damaged)).toThrow(expect.objectContaining({ code }));
        expect(() => decodeAnswer(bytes.subarray(0, at))).toThrow(
          expect.objectContaining({ code }),
        );
      }),
      { numRuns: 30 },
    );
  });
});
