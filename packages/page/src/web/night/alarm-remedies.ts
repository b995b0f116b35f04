/** What to do about each kind of alarm, as docs/guides/alarms.md says it. */
export const ALARM_REMEDIES: Readonly<Record<string, string>> = {
  run_stalled: "what its message says",
  run_late: "start more drafters and verifiers, or remove what holds it up",
  night_late: "start more drafters and verifiers, or remove what holds it up",
  run_partial: "fix the cause; a night is tried again, other runs are submitted again",
  run_refused: "fix the request or its files, and submit it again",
  run_stuck: "what its message says",
  run_unverified: "start a verifier with its models, on its kind of device",
  run_empty: "look at its `rejected.jsonl`",
  night_missed: "see that a scheduler always runs",
  night_failed: "what its message says",
  redis_refuses: "what its message says",
  store_failing: "mend the store, its mount or the credentials",
  node_failing: "mend that node: its message names it",
  answers_wrong: "look at that verifier, its memory and its GPU",
  answers_differ: "find the one that is wrong, and have its answers computed again",
  clock_differs: "set both with NTP",
};
