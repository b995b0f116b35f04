import type { NodeFault } from "@nightbeam/queue";
import { describe, expect, it } from "vitest";
import type { AlarmMatch, NewAlarm } from "../../src/alarms/alarm.js";
import { clusterAlarms } from "../../src/runs/watch/cluster-alarms.js";
import type { ClusterFacts } from "../../src/runs/watch/facts.js";

const NOW = Date.parse("2026-11-21T02:00:00Z");
const well: ClusterFacts = { redis: { state: "ok", now: NOW }, queue: undefined, faults: [] };

describe("alarms about the cluster", () => {
  it("follow the faults that nodes report, one per subject", () => {
    const { look, standing } = alarms();
    const wrong = fault("answers_wrong", "d-1", "v-1");
    const also = fault("answers_wrong", "d-2", "v-1");
    look({ ...well, faults: [wrong, also, fault("node_failing", "d-3", "d-3")] });
    expect(standing()).toEqual([
      "answers_wrong v-1: Since 2026-11-21T01:00:00.000Z, says d-1 and 1 more, about v-1: x",
      "node_failing d-3: Since 2026-11-21T01:00:00.000Z, says d-3: x",
    ]);
    // Without Redis nothing is known about faults, so none has ended.
    look({ ...well, redis: { state: "unreachable", words: "gone" } });
    expect(standing()).toHaveLength(2);
    look({ ...well, faults: [also] });
    expect(standing()).toEqual([
      expect.stringMatching(/^answers_wrong v-1: .*says d-2, about v-1/),
    ]);
    look(well);
    expect(standing()).toEqual([]);
  });

  it("leave those that the scheduler raised itself", () => {
    const { look, standing, raise } = alarms();
    raise({ kind: "store_failing", subject: "/state", message: "full" });
    look(well);
    expect(standing()).toEqual(["store_failing /state: full"]);
  });

  it("say that Redis fails after a while, and that clocks differ", () => {
    const { look, standing, pass } = alarms();
    const refuses = { ...well, redis: { state: "refuses", words: "OOM full." } } as const;
    look(refuses);
    pass(59_000);
    look(refuses);
    expect(standing()).toEqual([]);
    pass(2_000);
    look(refuses);
    expect(standing()).toEqual([expect.stringMatching(/^redis_refuses a: .*: OOM full\. Give it/)]);
    look({ ...well, redis: { state: "ok", now: NOW + 3_600_000 } });
    expect(standing()).toEqual([expect.stringMatching(/^clock_differs a: .* 3600 s behind/)]);
    look(well);
    expect(standing()).toEqual([]);
  });
});

function fault(kind: NodeFault["kind"], node: string, subject: string): NodeFault {
  return { kind, node, subject, message: "x", since: "2026-11-21T01:00:00.000Z" };
}

function alarms() {
  let elapsed = 0;
  const all = new Map<string, NewAlarm>();
  const raise = (alarm: NewAlarm) => void all.set(`${alarm.kind} ${alarm.subject}`, alarm);
  const mend = ({ kind, subject, keep }: AlarmMatch) => {
    for (const [key, alarm] of all) {
      if (kind !== undefined && alarm.kind !== kind) continue;
      if (subject !== undefined && alarm.subject !== subject) continue;
      if (keep?.({ ...alarm, id: "1", at: "" }) !== true) all.delete(key);
    }
  };
  const look = clusterAlarms({
    alarms: { raise, mend },
    clock: { now: () => NOW },
    host: "a",
    elapsed: () => elapsed,
  });
  return {
    look,
    raise,
    standing: () => [...all].map(([key, { message }]) => `${key}: ${message}`).sort(),
    pass: (ms: number) => {
      elapsed += ms;
    },
  };
}
