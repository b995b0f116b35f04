export {
  type AcceptedOutcome,
  type AcceptOptions,
  acceptCandidates,
  type CandidateJob,
} from "./accept-candidates.js";
export { BeamSearch } from "./beam-search.js";
export { type BeamTree, checkTree, nodeCount, treeOf } from "./beam-tree.js";
export { type Beams, BestPrefixes, rootBeams } from "./beams.js";
export { type DecodeJob, type Decoder, decodeBatch } from "./decode-batch.js";
export {
  decodeShard,
  type ShardOptions,
  type ShardOutcome,
  type ShardProgress,
  type ShardUser,
} from "./decode-shard.js";
export {
  type BatchMeasure,
  type BatchOutlook,
  type DraftPolicy,
  fixedWidths,
  uniformWidths,
} from "./draft-policy.js";
export { CombinedDrafter } from "./drafters/combined-drafter.js";
export {
  type Draft,
  type Drafter,
  type DraftLevel,
  type DraftRequest,
  emptyDrafter,
} from "./drafters/drafter.js";
export { draftByEstimate, type Estimator } from "./drafters/estimate.js";
export {
  type LevelHeadsAnswer,
  LevelHeadsDrafter,
  type LevelHeadsRequest,
  type LevelHeadsScorer,
} from "./drafters/heads-drafter.js";
export { type LeafLists, LeafListsBuilder } from "./drafters/leaf-lists.js";
export { ListsDrafter } from "./drafters/lists-drafter.js";
export { ModelDrafter } from "./drafters/model-drafter.js";
export { RetrievalDrafter } from "./drafters/retrieval-drafter.js";
export { TransitionCounter, type TransitionTable } from "./drafters/transition-table.js";
export { TransitionsDrafter } from "./drafters/transitions-drafter.js";
export { DecodingError, type DecodingErrorCode } from "./errors.js";
export { gather, type RequestGroup, RequestGroups } from "./gather.js";
export type { KnownTree } from "./known-tree.js";
export type { Acceptance, SearchCost, SearchOutcome } from "./outcome.js";
export { decodePublished } from "./published-loop.js";
export type { Candidates } from "./relaxed/candidates.js";
export type { ScoreAnswer, ScoreRequest, Scorer } from "./scorer.js";
export type { Propose, Search, SearchState } from "./search.js";
export type { Lookup, Ranking, Scoring, SearchSpace } from "./search-space.js";
export type { Sampling, Verification } from "./verification.js";
