import type { Alarm } from "@nightbeam/api";
import type { NodeFault, NodeFaultKind } from "@nightbeam/queue";
import type { NewAlarm } from "../../alarms/alarm.js";
import type { Alarms } from "../../alarms/alarms.js";
import { elapsedMs, type WallClock } from "../../clock.js";
import type { ClusterFacts } from "./facts.js";
import { redisProblem } from "./redis-remedy.js";

export interface ClusterAlarmsOptions {
  readonly alarms: Pick<Alarms, "raise" | "mend">;
  readonly clock: WallClock;
  /** The machine of this scheduler: another one may reach Redis. */
  readonly host: string;
  /** How long Redis must fail before an alarm is raised. */
  readonly redisGraceMs?: number | undefined;
  /** Milliseconds since some moment, never going back. Default: the process's monotonic clock. */
  readonly elapsed?: () => number;
}

/** Raises and ends the alarms that are about no single run. */
export type ClusterAlarms = (facts: ClusterFacts) => void;

/** A restart or a failover of Redis takes less. */
const REDIS_GRACE_MS = 60_000;
/** Locks and leases are Redis' own; this much makes times in answers and logs misleading. */
const MAX_CLOCK_DIFFERENCE_MS = 30_000;

const FAULT_KINDS: readonly NodeFaultKind[] = [
  "node_failing",
  "store_failing",
  "answers_wrong",
  "answers_differ",
];

export function clusterAlarms(options: ClusterAlarmsOptions): ClusterAlarms {
  const { alarms, clock, host, redisGraceMs = REDIS_GRACE_MS, elapsed = elapsedMs } = options;
  let failingSince: number | undefined;
  let isFirst = true;
  /** Ends what this scheduler raised; at its start also what one that has ended left. */
  const mendOwn = (kind: "redis_refuses" | "clock_differs") => {
    alarms.mend(isFirst ? { kind } : { kind, subject: host });
  };
  const redisAlarm = ({ redis }: ClusterFacts) => {
    const problem = redisProblem(redis);
    if (problem === undefined) {
      failingSince = undefined;
      mendOwn("redis_refuses");
      return;
    }
    failingSince ??= elapsed();
    if (elapsed() - failingSince < redisGraceMs) return;
    const { why, remedy } = problem;
    const message = `The scheduler on ${host} reports: ${why}. ${remedy} Runs wait until then.`;
    alarms.raise({ kind: "redis_refuses", subject: host, message });
  };
  const clockAlarm = ({ redis }: ClusterFacts) => {
    if (redis.state !== "ok") return;
    const aheadMs = clock.now() - redis.now;
    if (Math.abs(aheadMs) <= MAX_CLOCK_DIFFERENCE_MS) {
      mendOwn("clock_differs");
      return;
    }
    const seconds = Math.round(Math.abs(aheadMs) / 1_000);
    const direction = aheadMs > 0 ? "ahead of" : "behind";
    alarms.raise({
      kind: "clock_differs",
      subject: host,
      message:
        `The clock of the scheduler on ${host} is ${seconds} s ${direction} that of Redis, so nights may start and be due ` +
        "at the wrong time. Set both clocks, with NTP for example.",
    });
  };
  const faultAlarms = ({ redis, faults }: ClusterFacts) => {
    if (redis.state !== "ok") return;
    for (const kind of FAULT_KINDS) {
      const these = faults.filter((fault) => fault.kind === kind);
      for (const subject of new Set(these.map((fault) => fault.subject))) {
        alarms.raise({ kind, ...reported(these.filter((fault) => fault.subject === subject)) });
      }
      // The scheduler's own alarms about stores have no node.
      const keep = ({ node, subject }: Alarm) =>
        node === undefined || these.some((fault) => fault.subject === subject);
      alarms.mend({ kind, keep });
    }
  };
  return (facts) => {
    redisAlarm(facts);
    clockAlarm(facts);
    faultAlarms(facts);
    if (facts.redis.state === "ok") isFirst = false;
  };
}

/** One alarm about a subject, however many nodes report it. */
function reported(faults: readonly NodeFault[]): Pick<NewAlarm, "message" | "subject" | "node"> {
  const nodes = [...new Set(faults.map(({ node }) => node))];
  const [first] = faults;
  if (first === undefined) return { message: "" };
  const { node, subject, message, since } = first;
  const more = nodes.length > 1 ? ` and ${nodes.length - 1} more` : "";
  const about = subject === node ? "" : `, about ${subject}`;
  return { message: `Since ${since}, says ${node}${more}${about}: ${message}`, subject, node };
}
