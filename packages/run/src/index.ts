export { RunError, type RunErrorCode } from "./errors.js";
export { openRun } from "./local/open-run.js";
export type { PartResult } from "./local/part.js";
export type { Run } from "./local/run.js";
export { directoryJournal, type Journal, openJournal } from "./records/journal.js";
export { makeManifest, type RunTotals } from "./records/manifest.js";
export { mapAtMost } from "./records/map-at-most.js";
export type { CancelledMark, MissingShard, PartialMark } from "./records/marks.js";
export {
  differencesText,
  firstRowOf,
  type JsonValue,
  type PlanDifference,
  partCount,
  planDifferences,
  plannedRows,
  type RunPlan,
  runPlanSchema,
  withDraftsOf,
} from "./records/plan.js";
export { readManifest, readRecommendations } from "./records/read-recommendations.js";
export { readRecord, recordBytes } from "./records/record-text.js";
export {
  finiteStats,
  type Manifest,
  type PartRecord,
  partRecordSchema,
  type RejectedRow,
  rejectedFileOf,
  rejectedText,
} from "./records/records.js";
export { MANIFEST_FILE, PARTS_DIRECTORY, PLAN_FILE, REJECTED_FILE } from "./records/run-files.js";
export { markCancelled, markPartial, reopenRun } from "./shards/change-state.js";
export { commitShard, commitWritten, type ShardCommit } from "./shards/commit-shard.js";
export { type FinishRunOptions, finishRun, missingShards } from "./shards/finish-run.js";
export { committedShards, readPlan, storeJournal } from "./shards/journal.js";
export { type PlanRunOptions, planRun } from "./shards/plan-run.js";
export { readShardInput } from "./shards/read-shard-input.js";
export { type RunStanding, runState } from "./shards/read-state.js";
export {
  createRequest,
  readRequest,
  refuseForeignRun,
  replaceRequest,
  type SubmittedRequest,
} from "./shards/request.js";
export { runIdOf } from "./shards/run-id.js";
export { nextRunState, type RunEvent, type RunState } from "./shards/run-state.js";
export { sweepAttempts } from "./shards/sweep-attempts.js";
export { attemptName, discardWritten, type ShardResult, writeShard } from "./shards/write-shard.js";
