import { inTime } from "@nightbeam/service";
import type { Redis } from "ioredis";
import { QueueError } from "../errors.js";
import { accessFailure, checkAccess } from "./access.js";

export interface RedisCheck {
  /** Settings that work but could cost time. */
  readonly warnings: readonly string[];
}

/** How long Redis may take to answer. */
const CHECK_MS = 20_000;

/**
 * Checks that jobs and their locks are safe in this Redis, and that this connection's user may use them. Reads INFO
 * only, because managed servers forbid CONFIG.
 *
 * @throws QueueError REDIS_UNREACHABLE, REDIS_TOO_OLD, REDIS_UNSAFE, REDIS_FORBIDDEN
 */
export async function checkRedis(redis: Redis, prefix: string): Promise<RedisCheck> {
  const late = () =>
    new QueueError(
      "REDIS_UNREACHABLE",
      `Redis accepts connections, but did not answer within ${CHECK_MS / 1_000} s. Check that it is not frozen or busy.`,
    );
  return inTime(check(redis, prefix), { ms: CHECK_MS, late });
}

async function check(redis: Redis, prefix: string): Promise<RedisCheck> {
  const facts = await readFacts(redis, prefix);
  checkMode(facts);
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
  await checkAccess(redis, prefix);
  return {
    warnings: [...modeWarnings(facts), ...policyWarnings(policy), ...persistenceWarnings(facts)],
  };
}

/** @throws QueueError REDIS_UNSAFE if jobs cannot be stored here */
function checkMode(facts: ReadonlyMap<string, string>): void {
  if (facts.get("redis_mode") === "sentinel") {
    throw new QueueError(
      "REDIS_UNSAFE",
      "This is a Redis Sentinel, which stores no jobs, and Nightbeam does not ask it for the primary. Give the " +
        "address of the primary: a DNS name or a proxy that follows a failover, such as HAProxy.",
    );
  }
  const role = facts.get("role");
  if (role === "slave" || role === "replica") {
    const host = facts.get("master_host");
    const primary = host === undefined ? "" : ` of ${host}:${facts.get("master_port") ?? ""}`;
    throw new QueueError(
      "REDIS_UNSAFE",
      `This Redis is a read-only replica${primary}, so no jobs can be stored or taken. Give the address of the primary.`,
    );
  }
}

function modeWarnings(facts: ReadonlyMap<string, string>): string[] {
  if (facts.get("redis_mode") !== "cluster") return [];
  return [
    "This is a node of a Redis Cluster, which Nightbeam does not support: all keys are on one node, and if they move, " +
      "it does not follow. Use a Redis without cluster mode.",
  ];
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

async function readFacts(redis: Redis, prefix: string): Promise<ReadonlyMap<string, string>> {
  const facts = new Map<string, string>();
  try {
    for (const section of ["server", "replication", "memory", "persistence"]) {
      for (const line of (await redis.info(section)).split("\r\n")) {
        const colon = line.indexOf(":");
        if (colon > 0) facts.set(line.slice(0, colon), line.slice(colon + 1));
      }
    }
  } catch (error) {
    throw accessFailure("call INFO", { error, prefix });
  }
  return facts;
}

function isAtLeast(version: string, [major, minor]: readonly [number, number]): boolean {
  const [actualMajor = 0, actualMinor = 0] = version.split(".").map(Number);
  return actualMajor > major || (actualMajor === major && actualMinor >= minor);
}
