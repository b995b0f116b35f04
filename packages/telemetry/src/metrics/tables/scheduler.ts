import { type MetricDefinition, NIGHT, SECONDS } from "../definition.js";

const SERVICES = ["scheduler"] as const;

/** The queue, runs, nights, alarms and nodes. */
export const SCHEDULER_METRICS = {
  "nightbeam.queue.shards": {
    kind: "gauge",
    unit: "{shard}",
    description: "Shards in the queue, of all runs; delayed ones are tried again later",
    services: SERVICES,
    labels: { state: ["waiting", "active", "delayed"] },
  },
  "nightbeam.queue.oldest.age": {
    kind: "gauge",
    unit: "s",
    description: "Time since the oldest waiting shard was added to the queue; 0 if none waits",
    services: SERVICES,
  },
  "nightbeam.runs": {
    kind: "gauge",
    unit: "{run}",
    description: "Runs by state, as `nightbeam runs` lists them",
    services: SERVICES,
    labels: {
      state: [
        "planning",
        "refused",
        "running",
        "paused",
        "complete",
        "partial",
        "cancelled",
        "unreadable",
      ],
    },
  },
  "nightbeam.run.users": {
    kind: "gauge",
    unit: "{user}",
    description:
      "Input rows of the runs in progress: in total, committed, and done in shards in progress",
    services: SERVICES,
    labels: { night: NIGHT, state: ["total", "done", "under_way"] },
  },
  "nightbeam.run.shards": {
    kind: "gauge",
    unit: "{shard}",
    description: "Shards of the runs in progress",
    services: SERVICES,
    labels: { night: NIGHT, state: ["done", "active", "waiting", "set_aside"] },
  },
  "nightbeam.run.remaining": {
    kind: "gauge",
    unit: "s",
    description: "Time until the last run in progress is complete, at its present rate",
    services: SERVICES,
    labels: { night: NIGHT },
  },
  "nightbeam.run.lateness": {
    kind: "gauge",
    unit: "s",
    description:
      "How long after its due time a run in progress will be complete, at its present rate; negative if before",
    services: SERVICES,
    labels: { night: NIGHT },
  },
  "nightbeam.run.node.time": {
    kind: "gauge",
    unit: "s",
    description: "Time that nodes worked for the latest run",
    services: SERVICES,
    labels: { night: NIGHT, role: ["drafter", "verifier"] },
  },
  "nightbeam.run.cost": {
    kind: "gauge",
    unit: "{currency}",
    description: "Cost of the latest run so far, by the scheduler's prices",
    services: SERVICES,
    labels: { night: NIGHT, currency: { few: "the currency of the scheduler's prices" } },
  },
  "nightbeam.night.users": {
    kind: "gauge",
    unit: "{user}",
    description: "Users of a night's latest complete run, and of the one before",
    services: SERVICES,
    labels: { night: NIGHT, run: ["latest", "before"] },
  },
  "nightbeam.night.rejected": {
    kind: "gauge",
    unit: "{row}",
    description: "Rows without a list of a night's latest complete run, and of the one before",
    services: SERVICES,
    labels: { night: NIGHT, run: ["latest", "before"] },
  },
  "nightbeam.night.calls_per_user": {
    kind: "gauge",
    unit: "{call}",
    description:
      "Target calls per search of a night's latest complete run, and of the one before: how well the draft guesses",
    services: SERVICES,
    labels: { night: NIGHT, run: ["latest", "before"] },
  },
  "nightbeam.night.overlap": {
    kind: "gauge",
    unit: "1",
    description: "Mean share of the items of a list that were in the user's list the night before",
    services: SERVICES,
    labels: { night: NIGHT },
  },
  "nightbeam.night.same_first": {
    kind: "gauge",
    unit: "1",
    description: "Share of the users whose first item is that of the night before",
    services: SERVICES,
    labels: { night: NIGHT },
  },
  "nightbeam.nights.started": {
    kind: "counter",
    unit: "{night}",
    description: "Runs that this scheduler started for nights",
    services: SERVICES,
    labels: { night: NIGHT },
  },
  "nightbeam.alarms": {
    kind: "gauge",
    unit: "{alarm}",
    description: "Alarms that stand",
    services: SERVICES,
    labels: {
      kind: [
        "run_stalled",
        "run_late",
        "night_late",
        "run_partial",
        "run_refused",
        "run_stuck",
        "run_unverified",
        "run_empty",
        "run_unpublished",
        "night_missed",
        "night_failed",
        "redis_refuses",
        "store_failing",
        "node_failing",
        "answers_wrong",
        "answers_differ",
        "clock_differs",
      ],
    },
  },
  "nightbeam.nodes": {
    kind: "gauge",
    unit: "{node}",
    description: "Nodes that are announced over NATS; absent without a connection to NATS",
    services: SERVICES,
    labels: { role: ["drafter", "verifier"], state: ["working", "draining"] },
  },
  "nightbeam.reconcile.duration": {
    kind: "histogram",
    unit: "s",
    description:
      "Passes over all open runs: the jobs of missing shards are made, what is done ends",
    services: SERVICES,
    buckets: SECONDS,
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>;
