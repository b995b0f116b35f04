/**
 * Where a shard is on its way through this drafter.
 *
 * `taken` -> `decoding` -> `written` -> `committed` -> `done`; a shard that was committed before goes
 * from `taken` to `done`. From each of the first three a shard may be `aborted` (its lock is lost: it
 * is somebody else's now), `put-back` (nobody can verify, or this drafter stops) or `failed`. Once a
 * commit has begun it is seen through: it is created whole or not at all, and only if there is none.
 */
export type ShardState =
  | "taken"
  | "decoding"
  | "written"
  | "committed"
  | "done"
  | "aborted"
  | "put-back"
  | "failed";

/** What happens to a shard. */
export type ShardEvent =
  | "found-committed"
  | "started"
  | "written"
  | "committed"
  | "finished"
  | "aborted"
  | "put-back"
  | "failed";

const NEXT: Readonly<Record<ShardState, Readonly<Partial<Record<ShardEvent, ShardState>>>>> = {
  taken: {
    "found-committed": "done",
    started: "decoding",
    aborted: "aborted",
    "put-back": "put-back",
    failed: "failed",
  },
  decoding: { written: "written", aborted: "aborted", "put-back": "put-back", failed: "failed" },
  written: { committed: "committed", aborted: "aborted", "put-back": "put-back", failed: "failed" },
  committed: { finished: "done" },
  done: {},
  aborted: {},
  "put-back": {},
  failed: {},
};

/** The state after an event. An event that has no place in a state is a fault of the program. */
export function nextShardState(state: ShardState, event: ShardEvent): ShardState {
  const next = NEXT[state][event];
  if (next === undefined) throw new Error(`a shard that is ${state} cannot be "${event}"`);
  return next;
}

/** Whether nothing more happens to the shard here. */
export function isEnded(state: ShardState): boolean {
  return Object.keys(NEXT[state]).length === 0;
}
