import { inTime } from "@nightbeam/service";
import type { Redis } from "ioredis";
import { DEFAULT_PREFIX } from "../jobs/options.js";
import { accessFailure } from "../redis/access.js";
import type { ConnectionLog } from "../redis/open-redis.js";
import { cancelChannel, cancelledKey } from "./cancelled.js";

export interface WatchCancelledOptions {
  /** A worker's connection; the watch opens another one for its subscription. */
  readonly redis: Redis;
  readonly prefix?: string;
  /** How often the marks are polled, in case a message got lost. Default: 5 s. */
  readonly pollMs?: number;
  readonly log?: ConnectionLog;
}

export interface CancelledWatch {
  /**
   * A signal that is aborted when the run is cancelled, or soon if it already is. All jobs of a run
   * share it. Call `release` when a job ends.
   */
  signal(runId: string): RunSignal;
  close(): Promise<void>;
}

export interface RunSignal {
  readonly signal: AbortSignal;
  release(): void;
}

interface Watched {
  readonly controller: AbortController;
  jobs: number;
}

/** How long Redis may take to answer. */
const SUBSCRIBE_MS = 10_000;

async function subscribe(subscriber: Redis, prefix: string): Promise<void> {
  const channel = cancelChannel(prefix);
  const late = () => new Error(`no answer within ${SUBSCRIBE_MS / 1_000} s`);
  try {
    await inTime(subscriber.subscribe(channel), { ms: SUBSCRIBE_MS, late });
  } catch (error) {
    throw accessFailure(`subscribe to the channel ${channel}`, { error, prefix });
  }
}

/**
 * Notifies active jobs when their run is cancelled. A message makes it fast; polling the marks makes it
 * reliable even if the connection fails.
 *
 * @throws QueueError REDIS_FORBIDDEN, REDIS_UNREACHABLE
 */
export async function watchCancelled(options: WatchCancelledOptions): Promise<CancelledWatch> {
  const { redis, prefix = DEFAULT_PREFIX, pollMs = 5_000, log } = options;
  const runs = new Map<string, Watched>();
  let closed = false;
  const subscriber = redis.duplicate();
  const complain = (error: unknown) => {
    if (!closed) log?.warn({ reason: String(error) }, "marks of cancelled runs cannot be read");
  };
  subscriber.on("error", complain);
  subscriber.on("message", (_channel: string, runId: string) => cancel(runId));
  const cancel = (runId: string) => {
    runs.get(runId)?.controller.abort(new Error(`run ${runId} was cancelled`));
  };
  const look = async (ids: readonly string[]) => {
    if (ids.length === 0) return;
    const marks = await redis.zmscore(cancelledKey(prefix), ...ids);
    for (const [place, id] of ids.entries()) if (marks[place] !== null) cancel(id);
  };
  try {
    await subscribe(subscriber, prefix);
  } catch (error) {
    closed = true;
    subscriber.disconnect();
    throw error;
  }
  const timer = setInterval(() => void look([...runs.keys()]).catch(complain), pollMs);
  timer.unref();
  const signal = (runId: string): RunSignal => {
    const watched = runs.get(runId) ?? { controller: new AbortController(), jobs: 0 };
    runs.set(runId, watched);
    watched.jobs++;
    look([runId]).catch(complain);
    let held = true;
    const release = () => {
      if (!held) return;
      held = false;
      watched.jobs--;
      if (watched.jobs === 0) runs.delete(runId);
    };
    return { signal: watched.controller.signal, release };
  };
  const close = async () => {
    closed = true;
    clearInterval(timer);
    subscriber.disconnect();
  };
  return { signal, close };
}
