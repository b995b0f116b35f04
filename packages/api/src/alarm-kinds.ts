/**
 * The kinds of alarms, a closed set. docs/guides/alarms.md says for each what it means, what to do, and when it is
 * cleared.
 *
 * @public for receivers of the webhook
 */
export const ALARM_KINDS = [
  /** Nothing of a run was committed, or read while it is planned, for a while; the message says why if it is known. */
  "run_stalled",
  /** A run that is not a night's will not be complete when it is due, or was not. */
  "run_late",
  /** The same for the run of a night. */
  "night_late",
  /** All missing shards of a run failed permanently. */
  "run_partial",
  /** A run cannot be planned. */
  "run_refused",
  /** The scheduler cannot do the next step of a run. */
  "run_stuck",
  /** No announced verifier can answer a run. */
  "run_unverified",
  /** A run is complete and has no lists. */
  "run_empty",
  /** The lists of a complete run cannot be published. */
  "run_unpublished",
  /** A night did not start in time. */
  "night_missed",
  /** A night cannot start. */
  "night_failed",
  /** Redis does not answer or takes no writes. */
  "redis_refuses",
  /** A store cannot be read or written. */
  "store_failing",
  /** A node fails whatever it takes. */
  "node_failing",
  /** A verifier gave an answer that no model can give. */
  "answers_wrong",
  /** Two verifiers answered the same call differently. */
  "answers_differ",
  /** The clocks of the scheduler and of Redis differ. */
  "clock_differs",
] as const;

/** @public for receivers of the webhook */
export type AlarmKind = (typeof ALARM_KINDS)[number];
