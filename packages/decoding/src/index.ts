export {
  type AcceptedOutcome,
  type AcceptOptions,
  acceptCandidates,
  type CandidateJob,
} from "./candidate-decoder.js";
export {
  decodeShard,
  type ShardOptions,
  type ShardOutcome,
  type ShardProgress,
  type ShardUser,
} from "./decode-shard.js";
export { CombinedDrafter } from "./drafting/combined-drafter.js";
export {
  type BatchMeasure,
  type BatchOutlook,
  type DraftPolicy,
  fixedWidths,
  uniformWidths,
} from "./drafting/draft-policy.js";
export {
  type Draft,
  type Drafter,
  type DraftLevel,
  type DraftRequest,
  emptyDrafter,
} from "./drafting/drafter.js";
export { draftByEstimate, type Estimator } from "./drafting/estimate.js";
export { type LeafLists, LeafListsBuilder } from "./drafting/leaf-lists.js";
export {
  type HeadsAnswer,
  HeadsDrafter,
  type HeadsRequest,
  type HeadsScorer,
} from "./drafting/level-heads-drafter.js";
export { ListsDrafter } from "./drafting/lists-drafter.js";
export { ModelDrafter } from "./drafting/model-drafter.js";
export { RetrievalDrafter } from "./drafting/retrieval-drafter.js";
export { TransitionCounter, type TransitionTable } from "./drafting/transition-table.js";
export { TransitionsDrafter } from "./drafting/transitions-drafter.js";
export { DecodingError, type DecodingErrorCode } from "./errors.js";
export { decodePublished } from "./published-decoder.js";
export { BeamSearch } from "./search/beam-search.js";
export { type Beams, BestPrefixes, rootBeams } from "./search/beams.js";
export type { Propose, Search, SearchState } from "./search/search.js";
export type { Acceptance, SearchCost, SearchOutcome } from "./search/search-cost.js";
export type { Lookup, Ranking, Scoring, SearchSpace } from "./search/search-space.js";
export { type DecodeJob, type Decoder, decodeBatch } from "./speculative-decoder.js";
export { type BeamTree, checkTree, nodeCount, treeOf } from "./tree/beam-tree.js";
export type { KnownTree } from "./tree/known-tree.js";
export type { ScoreAnswer, ScoreRequest, Scorer } from "./tree/scorer.js";
export type { Candidates } from "./verification/relaxed/step-distribution.js";
export type { Sampling, Verification } from "./verification/verification.js";
