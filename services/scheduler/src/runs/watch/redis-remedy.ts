import type { RedisHealth } from "@nightbeam/queue";

/** Why Redis fails and what to do, as two sentences. Undefined if it does not. */
export function redisProblem(redis: RedisHealth): { why: string; remedy: string } | undefined {
  if (redis.state === "ok") return undefined;
  const words = redis.words.replace(/\.\s*$/, "");
  return redis.state === "refuses"
    ? { why: `Redis refuses: ${words}`, remedy: refusalRemedy(words) }
    : { why: `Redis does not answer: ${words}`, remedy: AWAY };
}

const AWAY = "Start it, or mend the network between it and the scheduler.";

/** What to do about an error that Redis answers with, by its first word. */
const REMEDIES: Readonly<Record<string, string>> = {
  READONLY:
    "It is a replica: make it the primary, or give all services the address of the primary.",
  OOM: "Give it more memory (maxmemory), or free some.",
  MISCONF: "It cannot save: free space on its disk.",
  NOAUTH: "Put its password into NIGHTBEAM_REDIS_URL.",
  WRONGPASS: "Correct the password in NIGHTBEAM_REDIS_URL.",
  NOPERM: "Give this user all commands on Nightbeam's keys and channels.",
  BUSY: "A script blocks it: end it with `redis-cli script kill`.",
  LOADING: "It is loading its data: wait until that has ended.",
  MASTERDOWN: "It is a replica without its primary: start the primary.",
  CLUSTERDOWN: "Its cluster is down: start the missing nodes.",
  NOREPLICAS: "It has too few replicas (min-replicas-to-write): start them.",
};

function refusalRemedy(words: string): string {
  const [code = ""] = words.split(" ");
  return REMEDIES[code] ?? "Check its state and its log.";
}
