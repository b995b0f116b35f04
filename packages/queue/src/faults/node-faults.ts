import type { Redis } from "ioredis";
import { z } from "zod";
import { readFailure, storeFailure } from "../flow/redis-failure.js";
import { runIdSchema } from "../jobs/job-ids.js";
import { redisNow } from "../redis/redis-now.js";

/** Where the faults of nodes are kept: `JobQueues`, or a connection and a prefix. */
export interface FaultKeys {
  readonly redis: Redis;
  readonly prefix: string;
}

const text = (max: number) => z.string().min(1).max(max);

/** Unknown fields are dropped, so that nodes of several versions can share a Redis. */
const faultSchema = z.object({
  kind: z.enum([
    /** The node fails whatever it takes, and takes nothing until its next try. */
    "node_failing",
    /** The node cannot reach the store of a run. */
    "store_failing",
    /** A verifier gave an answer that no model can give. */
    "answers_wrong",
    /** Two verifiers answered the same call differently. */
    "answers_differ",
  ]),
  /** The name of the node that reports. */
  node: text(200),
  /** What is at fault: the node itself, a verifier, or the location of a store. */
  subject: text(2_000),
  /** A sentence for people, with the cause as far as it is known. */
  message: text(4_000),
  runId: runIdSchema.optional(),
  /** When it was first seen, ISO 8601 UTC. */
  since: z.iso.datetime(),
});

/** Something that is wrong on a node or as seen from it, until it is mended. */
export type NodeFault = Readonly<z.output<typeof faultSchema>>;
export type NodeFaultKind = NodeFault["kind"];

/** What makes a fault the same one: a node reports a kind about a subject once. */
export type NodeFaultId = Pick<NodeFault, "kind" | "node" | "subject">;

/** Nodes put a standing fault again at this interval. */
export const RENEW_FAULT_MS = 60_000;
/** A fault that was not put again for this long has ended: its node may have died. */
const FAULT_LASTS_MS = 5 * RENEW_FAULT_MS;
/** Longer than a fault lasts: the key of a cluster that is gone must not stay. */
const KEY_LASTS_S = 24 * 3_600;

/**
 * Reports a fault, or renews it. Like everything in Redis it may get lost, so put it again every `RENEW_FAULT_MS`
 * while it lasts.
 *
 * @throws QueueError NOT_STORED, REDIS_UNREACHABLE
 */
export async function putFault({ redis, prefix }: FaultKeys, fault: NodeFault): Promise<void> {
  const key = faultsKey(prefix);
  try {
    const at = await redisNow(redis);
    await redis.hset(key, fieldOf(fault), JSON.stringify({ ...fault, at }));
    await redis.expire(key, KEY_LASTS_S);
  } catch (error) {
    throw storeFailure(`a fault of node ${fault.node}`, error);
  }
}

/** Removes a fault that is mended. @throws QueueError NOT_STORED, REDIS_UNREACHABLE */
export async function clearFault({ redis, prefix }: FaultKeys, fault: NodeFaultId): Promise<void> {
  try {
    await redis.hdel(faultsKey(prefix), fieldOf(fault));
  } catch (error) {
    throw storeFailure(`the end of a fault of node ${fault.node}`, error);
  }
}

/**
 * The faults that stand, the oldest first. Removes those that ended without a word, and what is no fault.
 *
 * @throws QueueError REDIS_UNREACHABLE
 */
export async function listFaults({ redis, prefix }: FaultKeys): Promise<readonly NodeFault[]> {
  const key = faultsKey(prefix);
  try {
    const [fields, now] = await Promise.all([redis.hgetall(key), redisNow(redis)]);
    const faults: NodeFault[] = [];
    const ended: string[] = [];
    for (const [field, value] of Object.entries(fields)) {
      const stored = parseFault(value);
      if (stored === undefined || now - stored.at > FAULT_LASTS_MS) ended.push(field);
      else faults.push(stored.fault);
    }
    if (ended.length > 0) await redis.hdel(key, ...ended);
    return faults.sort((a, b) => (a.since < b.since ? -1 : 1));
  } catch (error) {
    throw readFailure("the faults of nodes", error);
  }
}

const storedSchema = faultSchema.extend({ at: z.number() });

function parseFault(value: string): { fault: NodeFault; at: number } | undefined {
  try {
    const { at, ...fault } = storedSchema.parse(JSON.parse(value));
    return { fault, at };
  } catch {
    return undefined;
  }
}

function faultsKey(prefix: string): string {
  return `${prefix}:faults`;
}

function fieldOf({ kind, node, subject }: NodeFaultId): string {
  return JSON.stringify([kind, node, subject]);
}
