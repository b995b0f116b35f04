import {
  JOBS,
  type JobData,
  type JobName,
  openRedis,
  parseJob,
  QueueError,
  type WorkerTimes,
  watchRedis,
  workerOptions,
} from "@nightbeam/queue";
import { type TlsBytes, within } from "@nightbeam/service";
import { type Log, reasonOf } from "@nightbeam/service/log";
import { DelayedError, type Job, Worker } from "bullmq";

export interface JobWorkerOptions<Name extends JobName> extends WorkerTimes {
  readonly job: Name;
  readonly redisUrl: string;
  /** For Redis. */
  readonly tls: TlsBytes | undefined;
  readonly prefix: string;
  readonly handle: (data: JobData<Name>) => Promise<unknown>;
  readonly log: Log;
  /** How long a connection may be down while Redis is up before it is replaced. */
  readonly stuckMs?: number;
}

export interface JobWorker {
  /** Waits for the job in progress, for at most `graceMs`, and disconnects. */
  close(graceMs: number): Promise<void>;
}

/** Delay of a job that a newer version wrote and has to take. */
const NEWER_MS = 10_000;
/** How long a worker may take to close once its connection is gone. */
const DROP_MS = 500;
/** Delay between attempts to reconnect. */
const RETRY_MS = 1_000;

/**
 * Handles one kind of job. Replaces worker and connection if they do not become ready again although Redis is up.
 *
 * @throws QueueError REDIS_UNREACHABLE from the first connection
 */
export async function startJobWorker<Name extends JobName>(
  options: JobWorkerOptions<Name>,
): Promise<JobWorker> {
  const { job, log } = options;
  let closed = false;
  const reconnect = async (): Promise<void> => {
    const old = session;
    log.warn({ job }, "the Redis connection is stuck; reconnecting");
    void old.drop();
    while (!closed) {
      try {
        session = await openSession(options, () => void reconnect());
        if (closed) await session.drop();
        return;
      } catch (error) {
        log.warn({ job, reason: reasonOf(error) }, "could not reconnect to Redis; retrying");
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  };
  let session = await openSession(options, () => void reconnect());
  return {
    close: async (graceMs) => {
      closed = true;
      await session.finish(graceMs);
    },
  };
}

interface WorkerSession {
  finish(graceMs: number): Promise<void>;
  /** Disconnects at once. The stall check finds the job in progress. */
  drop(): Promise<void>;
}

async function openSession<Name extends JobName>(
  options: JobWorkerOptions<Name>,
  onStuck: () => void,
): Promise<WorkerSession> {
  const { job, redisUrl, tls, prefix, handle, log, stuckMs } = options;
  const redis = await openRedis({ url: redisUrl, tls, role: "worker", log });
  const work = async (taken: Job, token: string | undefined) => {
    try {
      return await handle(parseJob(job, taken.data));
    } catch (error) {
      if (!(error instanceof QueueError) || error.code !== "NEWER_JOB") throw error;
      log.warn({ job, jobId: taken.id, reason: error.message }, "left to a newer scheduler");
      await taken.moveToDelayed(Date.now() + NEWER_MS, token);
      throw new DelayedError();
    }
  };
  const worker = new Worker(JOBS[job].queue, work, {
    connection: redis,
    prefix,
    ...workerOptions(job, options),
  });
  worker.on("error", (error) => log.debug({ job, reason: error.message }, "error of a worker"));
  worker.on("failed", (taken, error) => {
    log.warn({ job, jobId: taken?.id, reason: error.message }, "a job failed");
  });
  const watch = watchRedis({
    redis,
    onStuck,
    ...(stuckMs === undefined ? {} : { graceMs: stuckMs }),
  });
  const drop = async () => {
    watch.stop();
    redis.disconnect();
    // If Redis was lost, an earlier `close` of the same worker never ends.
    await within(worker.close(true), { ms: DROP_MS });
  };
  return {
    drop,
    finish: async (graceMs) => {
      watch.stop();
      await within(worker.close(), { ms: graceMs });
      await drop();
    },
  };
}
