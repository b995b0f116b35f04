import {
  type Catalogue,
  catalogueChange,
  type Exclusion,
  excludeItems,
  findPrefix,
  NOTHING_EXCLUDED,
} from "@nightbeam/catalogue";
import { catalogueOf } from "@nightbeam/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Answer,
  type BeamWidth,
  decodeAnswer,
  encodeAnswer,
  outcomeOf,
  type Scoring,
  speculativeDecoder,
  stillHolds,
  type Verification,
} from "../../src/index.js";
import { fakeModel } from "../support/fake-model.js";
import { FakeScorer } from "../support/fakes.js";

type Paths = readonly (readonly number[])[];

/** One user's question about a catalogue, and about the same one after a change. */
interface Change {
  readonly before: Paths;
  readonly after: Paths;
  /** Paths that are closed for the user, and for all users, if a catalogue has them. */
  readonly closed: Paths;
  readonly closedForAll: Paths;
  readonly scoring: Scoring;
  readonly verification: Verification;
  readonly beamWidth: BeamWidth;
  readonly seed: number;
  /** Codes outside the catalogue that the target says per prefix. */
  readonly outside: number;
  /** As in `FakeModelOptions`: with 3, many scores are equal. */
  readonly values: number;
}

const CODES = 4;

const someChange: fc.Arbitrary<Change> = fc.integer({ min: 2, max: 4 }).chain((levels) => {
  const code = fc.nat(CODES - 1);
  const path = fc.array(code, { minLength: levels, maxLength: levels });
  const some = (maxLength: number) => fc.array(path, { maxLength });
  return fc
    .record({
      stay: fc.array(path, { minLength: 1, maxLength: 50 }),
      go: some(2),
      come: some(2),
      closed: fc.oneof(fc.constant([]), some(12)),
      closedForAll: fc.oneof(
        { weight: 3, arbitrary: fc.constant([]) },
        { weight: 1, arbitrary: some(12) },
      ),
      scoring: fc.constantFrom<Scoring>("full", "full", "renormalized"),
      verification: fc.constantFrom<Verification>(
        { kind: "strict" },
        { kind: "strict" },
        { kind: "sampled", seed: 3, temperature: 1 },
      ),
      width: fc.integer({ min: 1, max: 8 }),
      widths: fc.array(fc.integer({ min: 1, max: 8 }), { minLength: levels, maxLength: levels }),
      perLevel: fc.boolean(),
      seed: fc.nat(1e6),
      outside: fc.constantFrom(0, 1, 2, 8),
      values: fc.constantFrom(3, 1e6, 1e6),
    })
    .map(({ stay, go, come, width, widths, perLevel, ...rest }) => ({
      before: [...stay, ...go],
      after: [...stay, ...come],
      beamWidth: perLevel && rest.verification.kind === "strict" ? widths : width,
      ...rest,
    }));
});

/** A user's question about one catalogue, with its answer. */
async function ask(paths: Paths, change: Change) {
  const { closed, closedForAll, scoring, verification, beamWidth, seed, values, outside } = change;
  const catalogue = catalogueOf(paths);
  const { trie } = catalogue;
  const base = excluding(catalogue, closedForAll, NOTHING_EXCLUDED);
  const decoder = speculativeDecoder({
    target: new FakeScorer(trie, fakeModel({ seed, scoring, values, spread: 12 }), { outside }),
    space: { trie, scoring },
    ...{ verification, beamWidth },
  });
  const answers: Answer[] = [];
  const job = {
    ...{ key: 1, name: "one", prompt: Int32Array.of(seed), history: new Uint32Array() },
    exclusion: excluding(catalogue, closed, base),
    onAnswer: (answer: Answer) => void answers.push(answer),
  };
  const [outcome] = await decoder.decode([job], new AbortController().signal);
  const [answer] = answers;
  if (outcome === undefined || answer === undefined) throw new Error("no answer");
  return { trie, question: decoder.questionOf(job), beams: outcome.beams, answer };
}

function excluding(catalogue: Catalogue, closed: Paths, base: Exclusion): Exclusion {
  const leaves = closed.map((path) => findPrefix(catalogue.trie, path)).filter((leaf) => leaf >= 0);
  const items = leaves.flatMap((leaf) => [...catalogue.itemsAt(leaf)]);
  return items.length === 0 ? base : excludeItems(catalogue, items, base);
}

/** What became of an answer, and whether the list is the same; undefined if the question is another. */
async function judge(change: Change) {
  const [old, young] = [await ask(change.before, change), await ask(change.after, change)];
  if (old.question !== young.question) return undefined;
  const verdict = stillHolds(
    decodeAnswer(encodeAnswer(old.answer)),
    catalogueChange(old.trie, young.trie),
  );
  const reused = outcomeOf(old.answer, young.trie)?.beams;
  const same =
    reused !== undefined &&
    reused.prefixes.join() === young.beams.prefixes.join() &&
    reused.scores.every((score, at) => Object.is(score, young.beams.scores[at])) &&
    reused.scores.length === young.beams.scores.length &&
    (reused.logProbs?.join() ?? "") === (young.beams.logProbs?.join() ?? "");
  return { verdict, same, isChanged: !catalogueChange(old.trie, young.trie).isEmpty };
}

describe("a certificate", () => {
  it("never holds for a list that computing anew would change, by a path or a bit", async () => {
    await fc.assert(
      fc.asyncProperty(someChange, async (change) => {
        const judged = await judge(change);
        if (judged?.verdict.holds === true) expect(judged.same).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it("holds for many of the lists that stay as they are", async () => {
    const counts = new Map<string, { same: number; held: number }>();
    await fc.assert(
      fc.asyncProperty(someChange, async (change) => {
        const judged = await judge(change);
        if (judged === undefined || !judged.isChanged || !judged.same) return;
        const { verification, scoring, outside } = change;
        const isRefined = scoring === "full" && outside > 0;
        const strict = isRefined ? "full, refined" : scoring;
        const kind = verification.kind === "strict" ? strict : verification.kind;
        const { same, held } = counts.get(kind) ?? { same: 0, held: 0 };
        counts.set(kind, { same: same + 1, held: held + (judged.verdict.holds ? 1 : 0) });
      }),
      { numRuns: 400, seed: 1 },
    );
    for (const [kind, least] of [
      ["full", 0.4],
      ["full, refined", 0.6],
      ["renormalized", 0.25],
      ["sampled", 0.5],
    ] as const) {
      const { same, held } = counts.get(kind) ?? { same: 0, held: 0 };
      expect(same).toBeGreaterThan(5);
      expect(held / same).toBeGreaterThan(least);
    }
  });
});
