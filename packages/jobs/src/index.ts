export type {
  FinishJobData,
  FinishJobResult,
  JobData,
  JobKind,
  JobName,
  JobResult,
  NightJobData,
  NightJobResult,
  ShardJobData,
  ShardJobResult,
} from "./catalogue/jobs.js";
export { JOBS } from "./catalogue/jobs.js";
export type { WorkerTimes } from "./catalogue/options.js";
export { DEFAULT_PREFIX, jobOptions, prefixOf, workerOptions } from "./catalogue/options.js";
export { isJobName, parseJob, parseResult } from "./catalogue/parse-job.js";
export { assertRunId, finishJobId, runIdSchema, shardJobId } from "./catalogue/run-id.js";
export { JobsError, type JobsErrorCode } from "./errors.js";
export type { AddRunOptions, RepairRunOptions } from "./flow/add-run.js";
export { addRun, repairRun } from "./flow/add-run.js";
export type { RunRef, ShardRef } from "./flow/apply.js";
export type { Cancellation, CancelledKeys, CancelRunOptions } from "./flow/cancelled.js";
export { cancelRun, isCancelled, restoreRun } from "./flow/cancelled.js";
export type { RunChange } from "./flow/change-run.js";
export { MAX_SHARDS } from "./flow/change-run.js";
export type { JobQueues, OpenQueuesOptions } from "./flow/queues.js";
export { openQueues } from "./flow/queues.js";
export type {
  FinishJob,
  FinishJobState,
  RunJobs,
  RunJobsOptions,
  ShardJob,
  ShardJobState,
} from "./flow/run-jobs.js";
export { runJobs } from "./flow/run-jobs.js";
export type { CancelledWatch, RunSignal, WatchCancelledOptions } from "./flow/watch-cancelled.js";
export { watchCancelled } from "./flow/watch-cancelled.js";
export type { Night, Timetable } from "./night/local-night.js";
export { assertTimetable, lastNight, localDate, nextNight } from "./night/local-night.js";
export type { MissedNightOptions } from "./night/missed-night.js";
export { missedNight } from "./night/missed-night.js";
export type { ListedNight, NightSchedule } from "./night/schedules.js";
export { listNights, putNight, removeNight } from "./night/schedules.js";
export type { RedisCheck } from "./redis/check-redis.js";
export { checkRedis } from "./redis/check-redis.js";
export type { ConnectionLog } from "./redis/log.js";
export type { OpenRedisOptions } from "./redis/open-redis.js";
export { openRedis } from "./redis/open-redis.js";
export type { RedisWatch, WatchRedisOptions } from "./redis/watch-redis.js";
export { watchRedis } from "./redis/watch-redis.js";
export { markCancelled, markPartial, reopenRun } from "./run/change-state.js";
export type { ShardCommit } from "./run/commit-shard.js";
export { commitShard, commitWritten } from "./run/commit-shard.js";
export type { FinishRunOptions } from "./run/finish-run.js";
export { finishRun, missingShards } from "./run/finish-run.js";
export { flagOf, flagOfPath } from "./run/flag-of.js";
export { committedShards, readPlan, storeJournal } from "./run/journal.js";
export type { CancelledMark, MissingShard, PartialMark } from "./run/marks.js";
export type { PlanRunOptions } from "./run/plan-run.js";
export { planRun } from "./run/plan-run.js";
export { readShardInput } from "./run/read-shard-input.js";
export type { RunStanding } from "./run/read-state.js";
export { runState } from "./run/read-state.js";
export type { SubmittedRequest } from "./run/request.js";
export { createRequest, readRequest, refuseForeignRun, replaceRequest } from "./run/request.js";
export type { RunRequest, RunRequestInput } from "./run/request-schema.js";
export { parseRunRequest, runRequestSchema } from "./run/request-schema.js";
export { runIdOf } from "./run/run-id.js";
export type { RunEvent, RunState } from "./run/run-state.js";
export { nextRunState } from "./run/run-state.js";
export { sweepAttempts } from "./run/sweep-attempts.js";
export { verificationProblem } from "./run/verification.js";
export type { ShardResult } from "./run/write-shard.js";
export { attemptName, discardWritten, writeShard } from "./run/write-shard.js";
export { directoryStore } from "./store/directory-store.js";
export type { OpenedStore } from "./store/open-store.js";
export { openStore } from "./store/open-store.js";
export type { ShardStore } from "./store/shard-store.js";
