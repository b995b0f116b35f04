import { openRedis } from "@nightbeam/queue";
import type { TlsBytes } from "@nightbeam/service";
import type { Closers } from "@nightbeam/service/lifecycle";
import { type Log, reasonOf } from "@nightbeam/service/log";
import { ServerError } from "../errors.js";
import type { HistorySource } from "./history-source.js";

export interface RedisHistoriesOptions {
  /** redis:// or rediss:// */
  readonly url: string;
  /** A user's key is the prefix and the user. */
  readonly prefix: string;
  readonly tls: TlsBytes | undefined;
  readonly log: Log;
  readonly closers: Closers;
}

/** How long Redis may take to answer. */
const COMMAND_MS = 1_000;

/**
 * Histories in Redis: a list per user, with the oldest item first, as `RPUSH history:USER ITEM` writes it. A list that is
 * read is always the present one.
 *
 * @throws QueueError REDIS_UNREACHABLE
 */
export async function openRedisHistories(options: RedisHistoriesOptions): Promise<HistorySource> {
  const { url, prefix, tls, log, closers } = options;
  const redis = await openRedis({ url, tls, role: "producer", commandTimeoutMs: COMMAND_MS, log });
  closers.add("Redis of histories", () => redis.disconnect());
  return {
    async historyOf(user) {
      const key = `${prefix}${user}`;
      try {
        const items = await redis.lrange(key, 0, -1);
        return items.length === 0 ? undefined : { items };
      } catch (cause) {
        throw new ServerError(
          "INTERNAL",
          `The history of the user cannot be read from Redis: ${reasonOf(cause)}. Send it with the request, or repair Redis: ${key} must be a list of item ids.`,
          { cause },
        );
      }
    },
  };
}
