import { type MetricDefinition, SERVICES } from "../definition.js";

/** What every service has. */
export const PROCESS_METRICS = {
  "nightbeam.build.info": {
    kind: "gauge",
    unit: "",
    description: "Always 1; the labels say what runs here",
    services: SERVICES,
    labels: { service: SERVICES, version: { few: "versions of Nightbeam" } },
  },
  "process.cpu.time": {
    kind: "observable-counter",
    unit: "s",
    description: "Processor time of all threads of the process, models included",
    services: SERVICES,
    labels: { mode: ["user", "system"] },
  },
  "process.memory.usage": {
    kind: "gauge",
    unit: "By",
    description: "Resident memory of the process",
    services: SERVICES,
  },
  "process.uptime": {
    kind: "gauge",
    unit: "s",
    description: "Time since the process was started",
    services: SERVICES,
  },
  "nodejs.eventloop.delay.p50": {
    kind: "gauge",
    unit: "s",
    description: "Median delay of the main thread's event loop in the last 10 s",
    services: SERVICES,
  },
  "nodejs.eventloop.delay.p99": {
    kind: "gauge",
    unit: "s",
    description: "99th percentile of the delay of the main thread's event loop in the last 10 s",
    services: SERVICES,
  },
  "nodejs.eventloop.delay.max": {
    kind: "gauge",
    unit: "s",
    description: "Longest delay of the main thread's event loop in the last 10 s",
    services: SERVICES,
  },
  "nightbeam.store.operation.duration": {
    kind: "histogram",
    unit: "s",
    description: "Operations on stores of runs and of the scheduler's state",
    services: ["scheduler", "drafter"],
    labels: {
      operation: ["read", "create", "replace", "list", "put", "open", "remove"],
      outcome: ["ok", "failed"],
    },
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
  },
  "nightbeam.redis.errors": {
    kind: "counter",
    unit: "{error}",
    description: "Connections to Redis that were lost or not made, and commands that Redis refused",
    services: ["scheduler", "drafter"],
    labels: { kind: ["connection", "refused"] },
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>;
