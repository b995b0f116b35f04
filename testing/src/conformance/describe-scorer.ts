import type { Scoring } from "@nightbeam/decoding";
import { afterAll, beforeAll, describe } from "vitest";
import { useTempDir } from "../directories.js";
import { checkAnswers } from "./answers.js";
import { checkCalls } from "./calls.js";
import { checkBatches, checkKept, checkTrees } from "./invariance.js";
import { checkLimits } from "./limits.js";
import { checkOutside } from "./outside.js";
import {
  MAX_POSITIONS,
  type OpenScorer,
  type ScorerOpener,
  ScorerWorld,
  SHAPES,
} from "./scorer-world.js";

const SCORINGS: readonly Scoring[] = ["full", "renormalized"];

/** The tests that every `Scorer` of a model has to pass. `open` opens the implementation. */
export function describeScorer(name: string, open: ScorerOpener): void {
  describe(name, () => {
    const parent = useTempDir();

    // Calls do not depend on the model's shape: one shape is enough for them.
    const [callShape] = Object.keys(SHAPES);
    describe.each(Object.entries(SHAPES))("%s", (shapeName, shape) => {
      // Families differ in their hidden states. What is scored against them is the same: LLaMA's shapes test it.
      const scorings = shape.modelType === "t5" ? SCORINGS.slice(0, 1) : SCORINGS;
      describe.each(scorings)("%s scoring", (scoring) => {
        let world: ScorerWorld;
        let scorer: OpenScorer;
        beforeAll(async () => {
          world = await ScorerWorld.write({ parent: parent(), name: shapeName, shape });
          const { directory, catalogue } = world;
          scorer = await open({ directory, catalogue, scoring, maxPositions: MAX_POSITIONS });
        });
        afterAll(() => scorer.close());
        const opened = () => ({ scorer: scorer.scorer, world });

        checkAnswers(scoring, opened);
        checkBatches(opened);
        checkTrees(opened, [1, 2, 6, 41, 100]);
        checkKept(opened);
        if (scoring === "full") checkLimits(opened);
        if (scoring === "full" && shape.modelType !== "t5") checkOutside({ open, opened });
        if (shapeName === callShape) checkCalls(scoring, { open, opened });
      });
    });
  });
}

/** The same for 2 to 8 levels: sums over ancestors have 1 to levels - 1 terms. */
export function describeScorerByLevels(name: string, open: ScorerOpener): void {
  const llama = { width: 48, heads: 6, keyValueHeads: 2, headSize: 24 };
  const t5 = { modelType: "t5", encoderLayers: 1, width: 48, heads: 3, headSize: 24 } as const;
  const cases = [
    ...[2, 3, 4, 5, 6, 7, 8].map((levels) => ({ family: "LLaMA", levels, sizes: llama })),
    ...[2, 8].map((levels) => ({ family: "T5", levels, sizes: t5 })),
  ];
  describe.each(cases)(`${name}, $family of $levels levels`, ({ levels, sizes }) => {
    const parent = useTempDir();
    let world: ScorerWorld;
    let scorer: OpenScorer;
    beforeAll(async () => {
      const shape = { ...sizes, levels, codesPerLevel: 9 };
      world = await ScorerWorld.write({ parent: parent(), name: "model", shape });
      const scoring = levels % 2 === 0 ? "full" : "renormalized";
      scorer = await open({ directory: world.directory, catalogue: world.catalogue, scoring });
    });
    afterAll(() => scorer.close());

    const opened = () => ({ scorer: scorer.scorer, world });
    checkTrees(opened, [9]);
    checkKept(opened);
  });
}
