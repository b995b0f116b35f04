import { COUNTS, type MetricDefinition, SECONDS } from "../definition.js";

const SERVICES = ["server"] as const;
const RESULTS = [
  "computed",
  "unchanged",
  "late",
  "busy",
  "refused",
  "cancelled",
  "failed",
] as const;

/** Requests of the server, and the batches that they share. */
export const SERVER_METRICS = {
  "nightbeam.server.requests": {
    kind: "counter",
    unit: "{request}",
    description:
      "Requests by result: computed, or the last night's list (unchanged, late, busy), or none",
    services: SERVICES,
    labels: { result: RESULTS, protocol: ["http", "grpc"] },
  },
  "nightbeam.server.request.duration": {
    kind: "histogram",
    unit: "s",
    description: "Requests from their arrival to the answer",
    services: SERVICES,
    labels: { result: RESULTS },
    buckets: SECONDS,
  },
  "nightbeam.server.stage.duration": {
    kind: "histogram",
    unit: "s",
    description: "Stages of computed lists: finding the history, waiting for a batch, computing",
    services: SERVICES,
    labels: { stage: ["history", "queue", "compute"] },
    buckets: SECONDS,
  },
  "nightbeam.server.batch.users": {
    kind: "histogram",
    unit: "{user}",
    description: "Users that share a batch",
    services: SERVICES,
    buckets: COUNTS,
  },
  "nightbeam.server.users": {
    kind: "gauge",
    unit: "{user}",
    description: "Users that wait for a batch, and users of the batches that run",
    services: SERVICES,
    labels: { state: ["waiting", "running"] },
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>;
