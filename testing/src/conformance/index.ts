export { checkAnswers } from "./answers.js";
export { describeScorer, describeScorerByLevels } from "./describe-scorer.js";
export { checkBatches, checkKept, checkTrees } from "./invariance.js";
export {
  deepestLine,
  type Random,
  seeded,
  someCatalogue,
  somePrefixes,
  somePrompt,
} from "./random.js";
export { type Rows, rowsOfAnswer, scoreAlone, scoreTogether } from "./rows.js";
export {
  type OpenScorer,
  type ScorerOpener,
  type ScorerSettings,
  ScorerWorld,
  SHAPES,
} from "./scorer-world.js";
