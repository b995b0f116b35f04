export { checkAnswers } from "./answers.js";
export { describeScorer, describeScorerByLevels } from "./describe-scorer.js";
export { describeSearcher, expectSameList, type SearcherOpeners } from "./describe-searcher.js";
export { checkBatches, checkKept, checkTrees } from "./invariance.js";
export { checkOutside } from "./outside.js";
export { deepestLine, someCatalogue, somePrefixes, somePrompt } from "./requests.js";
export { type Rows, rowsOfAnswer, scoreAlone, scoreTogether } from "./rows.js";
export {
  type OpenScorer,
  type ScorerOpener,
  type ScorerSettings,
  ScorerWorld,
  SHAPES,
} from "./scorer-world.js";
