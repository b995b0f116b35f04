import { reasonOf } from "@nightbeam/service/log";
import { type Redis, ReplyError } from "ioredis";
import { QueueError } from "../errors.js";

/**
 * Checks that this connection's user may do what a service does: run scripts, and write keys of the prefix. Passing
 * refusals, such as of a Redis that is full, are none of its business.
 *
 * @throws QueueError REDIS_FORBIDDEN, REDIS_UNREACHABLE, REDIS_UNSAFE
 */
export async function checkAccess(redis: Redis, prefix: string): Promise<void> {
  const key = `${prefix}:probe`;
  try {
    // Scripts, transactions, and the kinds of keys and channels that the queues use.
    await redis.eval("return redis.call('EXISTS', KEYS[1])", 1, key);
    await redis.zscore(`${prefix}:shards:completed`, "probe");
    await redis.set(key, "1", "EX", 60);
    await redis.publish(`${prefix}:probe`, "1");
  } catch (error) {
    if (error instanceof Error && /^(MOVED|ASK)\b/.test(error.message)) {
      throw new QueueError(
        "REDIS_UNSAFE",
        `This is a node of a Redis Cluster that does not have the keys ${prefix}*: ${error.message}. Nightbeam does ` +
          "not support Redis Cluster. Use a Redis without cluster mode.",
        { cause: error },
      );
    }
    if (error instanceof ReplyError && !isForbidden(error)) return;
    throw accessFailure(`use the keys ${prefix}*`, { error, prefix });
  }
}

/** The QueueError for a command that Redis did not carry out at the start of a service. */
export function accessFailure(
  what: string,
  { error, prefix }: { readonly error: unknown; readonly prefix: string },
): QueueError {
  if (error instanceof QueueError) return error;
  const reason = reasonOf(error);
  if (!isForbidden(error)) {
    return new QueueError(
      "REDIS_UNREACHABLE",
      `Redis did not let this service ${what}: ${reason}. Check that it runs, and try again.`,
      { cause: error },
    );
  }
  return new QueueError(
    "REDIS_FORBIDDEN",
    `The Redis user of this service may not ${what}: ${reason}. Give it the keys and channels of Nightbeam: ` +
      `ACL SETUSER NAME resetchannels ~${prefix}* &${prefix}* +@all -@admin -@dangerous +info`,
    { cause: error },
  );
}

/** Whether Redis refused because of who asks. */
function isForbidden(error: unknown): boolean {
  return error instanceof Error && /^(NOPERM|NOAUTH|WRONGPASS)\b/.test(error.message);
}
