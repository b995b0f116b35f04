// A module of its own, without zod, because browsers load it.

/**
 * The states of shards: waits, a drafter has it, failed and is tried again later, committed, set aside. Its letter
 * stands for it in `ShardMap`.
 */
export const SHARD_STATES = {
  w: "waiting",
  a: "active",
  r: "retrying",
  c: "committed",
  s: "set-aside",
} as const;

export type ShardLetter = keyof typeof SHARD_STATES;
export type ShardState = (typeof SHARD_STATES)[ShardLetter];
