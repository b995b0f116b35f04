import { ALARM_KINDS } from "@nightbeam/api";
import { type JobQueues, shardQueueLoad } from "@nightbeam/queue";
import type { Metrics } from "@nightbeam/telemetry";
import type { Alarms } from "../alarms/alarms.js";
import type { WallClock } from "../clock.js";
import type { nodeLists } from "../nodes.js";
import type { RunRegistry } from "../runs/run-registry.js";
import { kept } from "./kept.js";
import { setRuns } from "./set-runs.js";

export interface ObserveOptions {
  readonly metrics: Metrics;
  readonly queues: JobQueues;
  readonly runs: Pick<RunRegistry, "list">;
  readonly alarms: Pick<Alarms, "list">;
  readonly nodes: ReturnType<typeof nodeLists>["nodes"];
  readonly clock: WallClock;
  /** How old what is read from stores may be. */
  readonly maxAgeMs: number;
}

/** Exports the queue, the nodes, and what the scheduler's answers say about runs and alarms. */
export function observeScheduler(options: ObserveOptions): void {
  const { metrics, queues, nodes, clock } = options;
  metrics.observe(async (set) => {
    // Commands would wait for the connection, scrape after scrape.
    if (queues.redis.status !== "ready") return;
    const { waiting, active, delayed, oldestAt } = await shardQueueLoad(queues);
    set("nightbeam.queue.shards", waiting, { state: "waiting" });
    set("nightbeam.queue.shards", active, { state: "active" });
    set("nightbeam.queue.shards", delayed, { state: "delayed" });
    const ageMs = oldestAt === undefined ? 0 : Math.max(0, clock.now() - oldestAt);
    set("nightbeam.queue.oldest.age", ageMs / 1e3);
  });
  const statuses = kept(() => options.runs.list(), options.maxAgeMs);
  metrics.observe(async (set) => setRuns(set, { runs: await statuses(), now: clock.now() }));
  const alarms = kept(() => options.alarms.list(), options.maxAgeMs);
  metrics.observe(async (set) => {
    const open = await alarms();
    for (const kind of ALARM_KINDS) {
      set("nightbeam.alarms", open.filter((alarm) => alarm.kind === kind).length, { kind });
    }
  });
  metrics.observe((set) => {
    const { connected, drafters, verifiers } = nodes();
    if (!connected) return;
    for (const [role, all] of [
      ["drafter", drafters],
      ["verifier", verifiers],
    ] as const) {
      const draining = all.filter((node) => node.draining).length;
      set("nightbeam.nodes", all.length - draining, { role, state: "working" });
      set("nightbeam.nodes", draining, { role, state: "draining" });
    }
  });
}
