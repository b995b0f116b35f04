export { type Prices, pricesSchema } from "./cost/prices.js";
export { type RunCost, runCost } from "./cost/run-cost.js";
export { RunError, type RunErrorCode } from "./errors.js";
export { openRun } from "./local/open-run.js";
export type { Run } from "./local/run.js";
export {
  firstRowOf,
  isDraftVersion,
  partCount,
  plannedRows,
  type RunPlan,
  withDraftsOf,
} from "./plan.js";
export { type FoundUser, findUser } from "./records/find-user.js";
export { directoryJournal, openJournal, readPlan, storeJournal } from "./records/journal.js";
export { mapAtMost } from "./records/map-at-most.js";
export type { MissingShard } from "./records/marks.js";
export { REJECTED_FILE } from "./records/names.js";
export { nightbeamVersion, type ProposedCounts, type RunOrigin } from "./records/origin.js";
export { readPartRows } from "./records/read-part-rows.js";
export { holdsRun, readManifest, readRecommendations } from "./records/read-recommendations.js";
export { readPartRejected, readRejected } from "./records/read-rejected.js";
export { readSearches } from "./records/read-searches.js";
export { readRecord, recordBytes } from "./records/record-file.js";
export type {
  Manifest,
  PartRecord,
  PartResult,
  RejectedRow,
  VerifierShareRecord,
} from "./records/records.js";
export { type RejectReason, RejectTally } from "./records/reject-tally.js";
export { openRowJoin, type RowJoin, type RowValue, type ValueBatch } from "./records/row-join.js";
export type { SearchNode, SearchRecord } from "./records/search-record.js";
export { readStoredLists } from "./records/stored-lists.js";
export { type AnswerJoin, openAnswerJoin } from "./reuse/answer-join.js";
export { type KeptAnswer, QUESTION_BYTES } from "./reuse/answers-file.js";
export { assertReusable, type EarlierRun, openEarlierRun } from "./reuse/earlier-run.js";
export { keptAnswers } from "./reuse/kept-answers.js";
export { type ReuseNote, type ReuseRecord, reuseOf } from "./reuse/reuse-record.js";
export {
  readReuse,
  readReusedTrie,
  readShardAnswers,
  writeReuse,
  writeShardAnswers,
} from "./reuse/shard-answers.js";
export { keepTrie } from "./reuse/trie-file.js";
export {
  markCancelled,
  markPartial,
  markPaused,
  reopenRun,
  unpauseRun,
} from "./shards/change-state.js";
export { commitWritten } from "./shards/commit-shard.js";
export { finishRun } from "./shards/finish-run.js";
export { planRun } from "./shards/plan-run.js";
export { probeStore } from "./shards/probe-store.js";
export { readShardInput } from "./shards/read-shard-input.js";
export { type RunStanding, runState } from "./shards/read-state.js";
export { countInputs, removeInputs, removeRun } from "./shards/remove-run.js";
export {
  createRequest,
  readRequest,
  refuseForeignRun,
  replaceRequest,
  type SubmittedRequest,
} from "./shards/request.js";
export { runIdOf } from "./shards/run-id.js";
export {
  candidatesLine,
  parseCandidatesLine,
  readShardCandidates,
  type UserCandidates,
  writeShardCandidates,
} from "./shards/shard-candidates.js";
export { sweepAttempts } from "./shards/sweep-attempts.js";
export { assertInputs, uncommitShards } from "./shards/uncommit-shards.js";
export { attemptName, discardWritten, writeAttempt, writeShard } from "./shards/write-shard.js";
export {
  canHappen,
  nextRunState,
  type RunEvent,
  type RunState,
  type StoredRunState,
} from "./state.js";
export {
  type CandidateHistogram,
  candidateHistogram,
  histogramStats,
} from "./statistics/candidate-histogram.js";
export { FIGURES, type Figure, type FigureName } from "./statistics/figures.js";
export { type RunStats, type RunTotals, runFigures, sumStats } from "./statistics/run-stats.js";
