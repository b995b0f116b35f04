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
import { type TlsBytes, within } from "@nightbeam/service";
import { type Log, reasonOf } from "@nightbeam/service/log";
import { Worker } from "bullmq";

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
  const worker = new Worker(JOBS[job].queue, async (taken) => handle(parseJob(job, taken.data)), {
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
    await worker.close(true).catch(() => undefined);
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
