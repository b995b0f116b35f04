/**
 * Speculative beam search over a catalogue's code paths. Begin with `speculativeDecoder` and
 * `decodeShard`; the README has a glossary and the reading order.
 *
 * @packageDocumentation
 */

export type { Acceptance, BatchDecoder, DecodeJob, SearchOutcome } from "./batch-decoder.js";
export { type CandidateOptions, candidateDecoder } from "./candidate-decoder.js";
export type { NewItems } from "./candidate-rounds.js";
export {
  decodeShard,
  type ShardOptions,
  type ShardOutcome,
  type ShardProgress,
  type ShardUser,
} from "./decode-shard.js";
// Drafters, and what it takes to write one
export { CombinedDrafter } from "./drafting/combined-drafter.js";
export {
  type BatchMeasure,
  type BatchOutlook,
  type DraftPolicy,
  fixedWidths,
  uniformWidths,
} from "./drafting/draft-policy.js";
export { type Draft, type Drafter, type DraftRequest, emptyDrafter } from "./drafting/drafter.js";
export { draftByEstimate, type EstimateRequest, type Estimator } from "./drafting/estimate.js";
export { type LeafLists, LeafListsBuilder } from "./drafting/leaf-lists.js";
export {
  type LevelHeadsAnswer,
  LevelHeadsDrafter,
  type LevelHeadsRequest,
  type LevelHeadsScorer,
} from "./drafting/level-heads-drafter.js";
export { ListsDrafter } from "./drafting/lists-drafter.js";
export { ModelDrafter } from "./drafting/model-drafter.js";
export { RetrievalDrafter } from "./drafting/retrieval-drafter.js";
export { TransitionCounter, type TransitionTable } from "./drafting/transition-table.js";
export { TransitionsDrafter } from "./drafting/transitions-drafter.js";
export { DecodingError, type DecodingErrorCode } from "./errors.js";
export { publishedDecoder } from "./published-decoder.js";
export { QuestionHasher, type UserQuestion } from "./question.js";
// Answers that are kept, to be reused
export { type Answer, outcomeOf } from "./reuse/answer.js";
export { decodeAnswer, encodeAnswer } from "./reuse/answer-bytes.js";
export type { Certificate } from "./reuse/certificate.js";
export { type ReuseRefusal, stillHolds } from "./reuse/still-holds.js";
export { BeamSearch } from "./search/beam-search.js";
// Decoding users
export { type BeamWidth, widestOf, widthAt } from "./search/beam-width.js";
export type { Beams } from "./search/beams.js";
// Bring your own target or draft model
export { lengthClass } from "./search/length-class.js";
export { logSoftmax } from "./search/log-softmax.js";
export type { RecordedPrefix, RecordedSearch } from "./search/recorded-search.js";
export type { SearchView } from "./search/search.js";
export { type SearchCost, searchNodes } from "./search/search-cost.js";
export type { Scoring } from "./search/search-space.js";
export type { SearchAnswer, Searcher, SearchRequest } from "./search/searcher.js";
export {
  type SearchProgram,
  TARGET_PROGRAMS,
  type TargetProgram,
} from "./search/target-program.js";
export { closedLeavesOf, type SearchOptions, searchDecoder } from "./search-decoder.js";
export { type SpeculativeOptions, speculativeDecoder } from "./speculative-decoder.js";
export { type BeamTree, checkTree, nodeCount, treeOf } from "./tree/beam-tree.js";
export { type GroupLimit, gather, type RequestGroup, RequestGroups } from "./tree/gather.js";
export type { KnownTree } from "./tree/known-tree.js";
export type { OutsideCodes, ScoreAnswer, ScoreRequest, Scorer } from "./tree/scorer.js";
export type { Verification } from "./verification/verification.js";
