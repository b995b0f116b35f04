export {
  type DrafterReport,
  type LiveDrafter,
  REPORT_DRAFTER_MS,
  removeDrafter,
  reportDrafter,
} from "./drafters/live-drafters.js";
export { QueueError, type QueueErrorCode } from "./errors.js";
export {
  clearFault,
  type FaultKeys,
  listFaults,
  type NodeFault,
  type NodeFaultId,
  type NodeFaultKind,
  putFault,
  RENEW_FAULT_MS,
} from "./faults/node-faults.js";
export { addRun, repairRun } from "./flow/add-run.js";
export { cancelRun, isCancelled, restoreRun } from "./flow/cancelled.js";
export { MAX_SHARDS } from "./flow/change-run.js";
export { forgetRun } from "./flow/forget-run.js";
export {
  type MovingShards,
  movingShards,
  type ShardJobDetails,
  shardJobDetails,
} from "./flow/moving-shards.js";
export { nextTry } from "./flow/next-try.js";
export { pauseRun } from "./flow/pause-run.js";
export { promoteFar } from "./flow/promote-far.js";
export { type JobQueues, openQueues } from "./flow/queues.js";
export { isRefusal } from "./flow/redis-failure.js";
export { type RunJobs, runJobs } from "./flow/run-jobs.js";
export { type ShardQueueFacts, shardQueueFacts } from "./flow/shard-queue-facts.js";
export { shardQueueLoad } from "./flow/shard-queue-load.js";
export { type CancelledWatch, type RunSignal, watchCancelled } from "./flow/watch-cancelled.js";
export { shardJobId } from "./jobs/job-ids.js";
export {
  type FinishJobResult,
  JOBS,
  type JobData,
  type JobName,
  type NightJobResult,
  type ShardFailureRecord,
  type ShardJobData,
  type ShardJobResult,
} from "./jobs/job-kinds.js";
export { DEFAULT_PREFIX, redisPrefix, type WorkerTimes, workerOptions } from "./jobs/options.js";
export { parseJob } from "./jobs/parse-job.js";
export { DEFAULT_PRIORITY, RUN_PRIORITIES, type RunPriority } from "./jobs/priority.js";
export {
  assertKeepable,
  lastNight,
  type Night,
  nextNight,
  nextTimeOfDay,
} from "./night/local-night.js";
export { missedNight } from "./night/missed-night.js";
export { type ListedNight, listNights, putNight, removeNight } from "./night/schedules.js";
export { checkRedis } from "./redis/check-redis.js";
export { openRedis } from "./redis/open-redis.js";
export { type RedisHealth, redisHealth } from "./redis/redis-health.js";
export { redisNow } from "./redis/redis-now.js";
export { type RedisWatch, watchRedis } from "./redis/watch-redis.js";
