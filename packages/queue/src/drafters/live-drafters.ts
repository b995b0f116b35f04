import { z } from "zod";
import type { FaultKeys } from "../faults/node-faults.js";
import { readFailure, storeFailure } from "../flow/redis-failure.js";
import { runIdSchema } from "../jobs/job-ids.js";
import { redisNow } from "../redis/redis-now.js";

const drafterSchema = z.object({
  name: z.string().min(1).max(200),
  version: z.string().max(100),
  /** Runs whose shards it does not take, because it failed at them. */
  refuses: z.array(runIdSchema),
  /** It takes no shards at all, because it knows no verifier. */
  isBlind: z.boolean(),
});

/** A drafter as the others see it in Redis. */
export type LiveDrafter = Readonly<z.output<typeof drafterSchema>>;

/** Drafters report at this interval. */
export const REPORT_DRAFTER_MS = 10_000;
/** A drafter that has not reported for this long is gone. */
const DRAFTER_LASTS_MS = 3.5 * REPORT_DRAFTER_MS;

export interface DrafterReport {
  /** The drafters that have reported lately. */
  readonly live: readonly LiveDrafter[];
  /** Redis' time in epoch milliseconds. */
  readonly now: number;
}

/** Reports a drafter to the others, and returns all that have reported lately. @throws QueueError */
export async function reportDrafter(
  { redis, prefix }: FaultKeys,
  drafter: LiveDrafter,
): Promise<DrafterReport> {
  const key = draftersKey(prefix);
  let at: number;
  try {
    at = await redisNow(redis);
    await redis.hset(key, drafter.name, JSON.stringify({ ...drafter, at }));
  } catch (error) {
    throw storeFailure(`that drafter ${drafter.name} is alive`, error);
  }
  try {
    const live: LiveDrafter[] = [];
    const gone: string[] = [];
    for (const [name, value] of Object.entries(await redis.hgetall(key))) {
      const stored = parseDrafter(value);
      if (stored === undefined || at - stored.at > DRAFTER_LASTS_MS) gone.push(name);
      else live.push(stored.drafter);
    }
    if (gone.length > 0) await redis.hdel(key, ...gone);
    return { live, now: at };
  } catch (error) {
    throw readFailure("the list of drafters", error);
  }
}

/** Removes a drafter that stops. @throws QueueError NOT_STORED, REDIS_UNREACHABLE */
export async function removeDrafter({ redis, prefix }: FaultKeys, name: string): Promise<void> {
  try {
    await redis.hdel(draftersKey(prefix), name);
  } catch (error) {
    throw storeFailure(`that drafter ${name} has stopped`, error);
  }
}

const storedSchema = drafterSchema.extend({ at: z.number() });

function parseDrafter(value: string): { drafter: LiveDrafter; at: number } | undefined {
  try {
    const { at, ...drafter } = storedSchema.parse(JSON.parse(value));
    return { drafter, at };
  } catch {
    return undefined;
  }
}

function draftersKey(prefix: string): string {
  return `${prefix}:drafters`;
}
