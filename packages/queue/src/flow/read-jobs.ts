import type { ChainableCommander, Redis } from "ioredis";

/** The state of a job. `lost`: its record is in no list, so no worker will ever find it. */
export type StoredState =
  | "waiting"
  | "active"
  | "delayed"
  | "waiting-children"
  | "completed"
  | "failed"
  | "lost"
  | "missing";

/** A job as Redis holds it. */
export interface StoredJob {
  readonly state: StoredState;
  /** Why the last try failed. */
  readonly reason: string | undefined;
  /** How often a worker has started it. */
  readonly starts: number;
  /** BullMQ's number; 0 for jobs without one. */
  readonly priority: number;
  /** The Redis key of the parent job. */
  readonly parentKey: string | undefined;
}

/** The part of a BullMQ queue that makes its keys. */
export interface QueueKeys {
  toKey(type: string): string;
}

/** Jobs per transaction: large enough to be fast, small enough not to block Redis. */
const CHUNK = 2_000;
const SETS = ["prioritized", "completed", "failed", "delayed", "waiting-children"] as const;
const LISTS = ["active", "wait"] as const;
const FIELDS = ["failedReason", "ats", "parentKey", "priority"] as const;

/**
 * Reads the states of many jobs of a queue in a few round trips. The state and the record of a job are
 * of the same instant. BullMQ itself reads one job at a time and searches the waiting list for each,
 * which takes minutes for tens of thousands of jobs.
 */
export async function readJobs(
  redis: Redis,
  queue: QueueKeys,
  ids: readonly string[],
): Promise<StoredJob[]> {
  const jobs: StoredJob[] = [];
  for (let start = 0; start < ids.length; start += CHUNK) {
    const multi = redis.multi();
    jobs.push(...(await readWith(multi, queue, ids.slice(start, start + CHUNK))).jobs);
  }
  return jobs;
}

/** Reads jobs in a transaction. `before` has the replies to the commands that were in it already. */
export async function readWith(
  multi: ChainableCommander,
  queue: QueueKeys,
  ids: readonly string[],
): Promise<{ jobs: StoredJob[]; before: unknown[] }> {
  for (const set of SETS) multi.zmscore(queue.toKey(set), ...ids);
  for (const list of LISTS) multi.lrange(queue.toKey(list), 0, -1);
  for (const id of ids) multi.exists(queue.toKey(id)).hmget(queue.toKey(id), ...FIELDS);
  const replies = await execute(multi);
  const before = replies.slice(0, -(SETS.length + LISTS.length + 2 * ids.length));
  const [prioritized, completed, failed, delayed, children, active, waiting, ...records] =
    replies.slice(before.length);
  const lists = [new Set(texts(active)), new Set(texts(waiting))] as const;
  const sets = [prioritized, completed, failed, delayed, children].map(texts);
  const jobs = ids.map((id, place) => {
    const [reason, starts, parentKey, priority] = texts(records[2 * place + 1]);
    return {
      state: stateOf({ exists: records[2 * place] === 1, id, place, sets, lists }),
      reason,
      starts: Number(starts ?? 0),
      priority: Number(priority ?? 0),
      parentKey,
    };
  });
  return { jobs, before };
}

interface JobPosition {
  readonly exists: boolean;
  readonly id: string;
  readonly place: number;
  readonly sets: readonly (readonly (string | undefined)[])[];
  readonly lists: readonly ReadonlySet<string | undefined>[];
}

function stateOf({ exists, id, place, sets, lists }: JobPosition): StoredState {
  if (!exists) return "missing";
  const set = SETS.find((_, which) => sets[which]?.[place] !== undefined);
  if (set !== undefined) return set === "prioritized" ? "waiting" : set;
  const list = LISTS.find((_, which) => lists[which]?.has(id) === true);
  if (list === undefined) return "lost";
  return list === "wait" ? "waiting" : list;
}

/** The replies of a transaction. Throws the first error. */
async function execute(commands: ChainableCommander): Promise<unknown[]> {
  const replies = (await commands.exec()) ?? [];
  return replies.map(([error, reply]) => {
    if (error !== null) throw error;
    return reply;
  });
}

/** A reply that consists of strings and nils. */
function texts(reply: unknown): (string | undefined)[] {
  if (!Array.isArray(reply)) return [];
  return reply.map((one: unknown) => (typeof one === "string" ? one : undefined));
}
