export { QueueError, type QueueErrorCode } from "./errors.js";
export { type AddRunOptions, addRun, type RepairRunOptions, repairRun } from "./flow/add-run.js";
export type { RunRef, ShardRef } from "./flow/apply.js";
export {
  type Cancellation,
  type CancelledKeys,
  type CancelRunOptions,
  cancelRun,
  isCancelled,
  restoreRun,
} from "./flow/cancelled.js";
export { MAX_SHARDS, type RunChange } from "./flow/change-run.js";
export { type JobQueues, type OpenQueuesOptions, openQueues } from "./flow/queues.js";
export {
  type FinishJob,
  type FinishJobState,
  type RunJobs,
  type RunJobsOptions,
  runJobs,
  type ShardJob,
  type ShardJobState,
} from "./flow/run-jobs.js";
export {
  type CancelledWatch,
  type RunSignal,
  type WatchCancelledOptions,
  watchCancelled,
} from "./flow/watch-cancelled.js";
export {
  type FinishJobData,
  type FinishJobResult,
  JOBS,
  type JobData,
  type JobKind,
  type JobName,
  type JobResult,
  type NightJobData,
  type NightJobResult,
  type ShardJobData,
  type ShardJobResult,
} from "./jobs/jobs.js";
export {
  DEFAULT_PREFIX,
  jobOptions,
  prefixOf,
  type WorkerTimes,
  workerOptions,
} from "./jobs/options.js";
export { isJobName, parseJob, parseResult } from "./jobs/parse-job.js";
export { assertRunId, finishJobId, runIdSchema, shardJobId } from "./jobs/run-id.js";
export {
  assertTimetable,
  lastNight,
  localDate,
  type Night,
  nextNight,
  type Timetable,
} from "./night/local-night.js";
export { type MissedNightOptions, missedNight } from "./night/missed-night.js";
export {
  type ListedNight,
  listNights,
  type NightSchedule,
  putNight,
  removeNight,
} from "./night/schedules.js";
export { checkRedis, type RedisCheck } from "./redis/check-redis.js";
export type { ConnectionLog } from "./redis/log.js";
export { type OpenRedisOptions, openRedis } from "./redis/open-redis.js";
export { type RedisWatch, type WatchRedisOptions, watchRedis } from "./redis/watch-redis.js";
