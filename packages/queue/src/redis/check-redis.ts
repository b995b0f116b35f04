import type { Redis } from "ioredis";
import { QueueError } from "../errors.js";

export interface RedisCheck {
  /** Settings that work but could cost time. */
  readonly warnings: readonly string[];
}

/**
 * Checks that jobs and their locks are safe in this Redis. Reads INFO only, because managed servers
 * forbid CONFIG.
 *
 * @throws QueueError REDIS_UNREACHABLE, REDIS_TOO_OLD, REDIS_UNSAFE
 */
export async function checkRedis(redis: Redis): Promise<RedisCheck> {
  const facts = await readFacts(redis);
  const version = facts.get("redis_version") ?? "unknown";
  if (!isAtLeast(version, [6, 2])) {
    throw new QueueError(
      "REDIS_TOO_OLD",
      `Redis is version ${version}, but at least 6.2 is required. Upgrade it.`,
    );
  }
  const policy = facts.get("maxmemory_policy");
  if (policy !== undefined && policy !== "noeviction") {
    throw new QueueError(
      "REDIS_UNSAFE",
      `Redis evicts keys when its memory is full (maxmemory-policy is ${policy}), so jobs and ` +
        "locks could vanish. Set maxmemory-policy noeviction, or use a separate Redis.",
    );
  }
  return { warnings: [...policyWarnings(policy), ...persistenceWarnings(facts)] };
}

function policyWarnings(policy: string | undefined): string[] {
  if (policy !== undefined) return [];
  return [
    "Redis does not report its maxmemory-policy. Make sure that it is noeviction: with any other " +
      "policy, jobs and locks could vanish.",
  ];
}

function persistenceWarnings(facts: ReadonlyMap<string, string>): string[] {
  if (facts.get("aof_enabled") !== "1") {
    return [
      "Redis has no append-only file. If it crashes, its jobs are recreated from the plans of the " +
        "runs: active shards are computed twice, and only time is lost. " +
        "Set appendonly yes to avoid that.",
    ];
  }
  if (facts.get("aof_last_write_status") === "err") {
    return [
      "Redis could not write its append-only file. Free space on its disk: until then, its jobs " +
        "have to be recreated after a crash.",
    ];
  }
  return [];
}

async function readFacts(redis: Redis): Promise<ReadonlyMap<string, string>> {
  const facts = new Map<string, string>();
  try {
    for (const section of ["server", "memory", "persistence"]) {
      for (const line of (await redis.info(section)).split("\r\n")) {
        const colon = line.indexOf(":");
        if (colon > 0) facts.set(line.slice(0, colon), line.slice(colon + 1));
      }
    }
  } catch (error) {
    throw new QueueError(
      "REDIS_UNREACHABLE",
      "Redis does not answer INFO. Check that it runs and that this user may call INFO.",
      { cause: error },
    );
  }
  return facts;
}

function isAtLeast(version: string, [major, minor]: readonly [number, number]): boolean {
  const [actualMajor = 0, actualMinor = 0] = version.split(".").map(Number);
  return actualMajor > major || (actualMajor === major && actualMinor >= minor);
}
