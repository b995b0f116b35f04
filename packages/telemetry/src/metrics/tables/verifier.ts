import { COUNTS, type MetricDefinition, ROWS, SECONDS } from "../definition.js";

const SERVICES = ["verifier"] as const;
const PROGRAMS = ["tree-scores", "beam-search", "verify-tree"] as const;

/** Calls, batches and passes of the model. */
export const VERIFIER_METRICS = {
  "nightbeam.verifier.calls": {
    kind: "counter",
    unit: "{call}",
    description: "Calls by result",
    services: SERVICES,
    labels: { result: ["answered", "busy", "cancelled", "expired", "failed"] },
  },
  "nightbeam.verifier.users": {
    kind: "counter",
    unit: "{user}",
    description: "Users of answered calls; a user takes part in several calls",
    services: SERVICES,
  },
  "nightbeam.verifier.queue.wait": {
    kind: "histogram",
    unit: "s",
    description: "Time that answered calls waited for a lane that was busy",
    services: SERVICES,
    buckets: SECONDS,
  },
  "nightbeam.verifier.batch.wait": {
    kind: "histogram",
    unit: "s",
    description: "Time that answered calls waited for a fuller batch while the lane was idle",
    services: SERVICES,
    buckets: SECONDS,
  },
  "nightbeam.verifier.batch.calls": {
    kind: "histogram",
    unit: "{call}",
    description: "Calls that share a pass of the model",
    services: SERVICES,
    labels: { program: PROGRAMS },
    buckets: COUNTS,
  },
  "nightbeam.verifier.batch.rows": {
    kind: "histogram",
    unit: "{row}",
    description: "Rows that a pass of the model computed: prompt tokens and nodes",
    services: SERVICES,
    labels: { program: PROGRAMS },
    buckets: ROWS,
  },
  "nightbeam.verifier.pass.duration": {
    kind: "histogram",
    unit: "s",
    description: "Passes of the model",
    services: SERVICES,
    labels: { program: PROGRAMS },
    buckets: SECONDS,
  },
  "nightbeam.verifier.busy.time": {
    kind: "counter",
    unit: "s",
    description: "Time that the lanes of a program computed, on a processor or a GPU",
    services: SERVICES,
    labels: {
      program: PROGRAMS,
      lane: { few: "numbers of the lanes, one per model thread" },
      device: { few: "the kind of device: cpu, cuda, webgpu, …" },
    },
  },
  "nightbeam.verifier.rows": {
    kind: "gauge",
    unit: "{row}",
    description: "Rows of the calls that wait, and of the passes that run",
    services: SERVICES,
    labels: { state: ["waiting", "running"] },
  },
  "nightbeam.verifier.prompts": {
    kind: "observable-counter",
    unit: "{prompt}",
    description:
      "Prompts of tree calls whose keys and values were cached (hit), or had to be computed",
    services: SERVICES,
    labels: { cache: ["hit", "miss"] },
  },
  "nightbeam.verifier.prompt_cache.usage": {
    kind: "gauge",
    unit: "By",
    description: "Keys and values of prompts that are kept",
    services: SERVICES,
  },
  "nightbeam.verifier.prompt_cache.evictions": {
    kind: "observable-counter",
    unit: "{prompt}",
    description: "Prompts that were dropped to make room; many mean that --prompt-cache is small",
    services: SERVICES,
  },
  "nightbeam.verifier.io": {
    kind: "counter",
    unit: "By",
    description: "Bytes of the messages of calls",
    services: SERVICES,
    labels: { direction: ["sent", "received"] },
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>;
