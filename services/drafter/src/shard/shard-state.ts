/**
 * The state of a shard in this drafter.
 *
 * `taken` -> `decoding` -> `written` -> `committed` -> `done`; a shard that has a commit already goes from
 * `taken` to `done`. From each of the first three a shard may become `aborted` (its lock is lost, so another
 * drafter has it), `put-back` (no verifier, or this drafter is stopping) or `failed`. A commit that has started
 * is finished: it is created atomically, and only if there is none.
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

/** The events of a shard. */
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

/** The state after an event. @throws Error if the event is impossible in this state: a bug */
export function nextShardState(state: ShardState, event: ShardEvent): ShardState {
  const next = NEXT[state][event];
  if (next === undefined) throw new Error(`a shard that is ${state} cannot be "${event}"`);
  return next;
}

/** Whether the state is final. */
export function isEnded(state: ShardState): boolean {
  return Object.keys(NEXT[state]).length === 0;
}
