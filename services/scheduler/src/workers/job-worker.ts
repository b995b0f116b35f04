import {
  JOBS,
  type JobData,
  type JobName,
  openRedis,
  parseJob,
  type WorkerTimes,
  watchRedis,
  workerOptions,
} from "@nightbeam/queue";
import { type Log, reasonOf } from "@nightbeam/service/log";
import { Worker } from "bullmq";

export interface JobWorkerOptions<Name extends JobName> extends WorkerTimes {
  readonly job: Name;
  readonly redisUrl: string;
  readonly prefix: string;
  readonly handle: (data: JobData<Name>) => Promise<unknown>;
  readonly log: Log;
  /** How long a connection may stay away while Redis is there, before it is made anew. */
  readonly stuckMs?: number;
}

export interface JobWorker {
  /** Lets the job under way end, for at most `graceMs`. */
  close(graceMs: number): Promise<void>;
}

/** Between two tries to connect anew. */
const RETRY_MS = 1_000;

/**
 * Serves one kind of job, and makes worker and connection anew where they never become ready again
 * although Redis is there.
 *
 * @throws JobsError REDIS_UNREACHABLE from the first connection
 */
export async function startJobWorker<Name extends JobName>(
  options: JobWorkerOptions<Name>,
): Promise<JobWorker> {
  const { job, log } = options;
  let closed = false;
  const heal = async (): Promise<void> => {
    const old = session;
    log.warn({ job }, "the connection to Redis is stuck; it is made anew");
    void old.drop();
    while (!closed) {
      try {
        session = await openSession(options, () => void heal());
        if (closed) await session.drop();
        return;
      } catch (error) {
        log.warn({ job, reason: reasonOf(error) }, "Redis cannot be used yet");
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  };
  let session = await openSession(options, () => void heal());
  return {
    close: async (graceMs) => {
      closed = true;
      await session.finish(graceMs);
    },
  };
}

interface WorkerSession {
  finish(graceMs: number): Promise<void>;
  /** Lets go without waiting: what was under way is found by the stall check. */
  drop(): Promise<void>;
}

async function openSession<Name extends JobName>(
  options: JobWorkerOptions<Name>,
  onStuck: () => void,
): Promise<WorkerSession> {
  const { job, redisUrl, prefix, handle, log, stuckMs } = options;
  const redis = await openRedis({ url: redisUrl, role: "worker", log });
  const worker = new Worker(JOBS[job].queue, async (taken) => handle(parseJob(job, taken.data)), {
    connection: redis,
    prefix,
    ...workerOptions(job, options),
  });
  worker.on("error", (error) => log.debug({ job, reason: error.message }, "a worker's error"));
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
    await worker.close(true).catch(() => undefined);
  };
  return {
    drop,
    finish: async (graceMs) => {
      watch.stop();
      let late: NodeJS.Timeout | undefined;
      const timeout = new Promise<void>((resolve) => {
        late = setTimeout(resolve, graceMs);
      });
      await Promise.race([worker.close().catch(() => undefined), timeout]);
      clearTimeout(late);
      await drop();
    },
  };
}
