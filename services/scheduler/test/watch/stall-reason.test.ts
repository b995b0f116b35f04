import { describe, expect, it } from "vitest";
import type { StallFacts } from "../../src/runs/watch/stall-facts.js";
import { stallReason } from "../../src/runs/watch/stall-reason.js";

const queue = {
  ...{ paused: false, maxActive: undefined, waiting: 5, active: 0, delayed: 0 },
  workers: 2,
};
const jobs = { waiting: 5, active: 0, delayed: 0, completed: 0, failed: 0, missing: 0 };
const facts: StallFacts = {
  phase: "running",
  redis: { state: "ok", now: 0 },
  queue,
  queueKey: "{nightbeam}:shards:meta",
  jobs,
  failure: undefined,
  nextTryAt: undefined,
  drafters: { announced: 2, draining: 0 },
  faults: [],
  runId: "r-1",
  location: "/lists",
  unverified: undefined,
  planning: undefined,
  error: undefined,
};
const fault = (kind: "node_failing" | "store_failing", node: string, subject = node) => ({
  ...{ kind, node, subject, since: "2026-11-21T02:00:00.000Z" },
  message: "/models/a.json differs.",
});
const planning = { read: undefined, failure: undefined, ahead: [] };

/** What is known besides `facts`, and what is said. */
const CASES: readonly (readonly [string, Partial<StallFacts>, RegExp])[] = [
  ["nothing takes shards", { queue: { ...queue, workers: 0 }, drafters: undefined }, /^no drafter/],
  ["workers unknown", { queue: { ...queue, workers: undefined } }, /no drafter takes them/],
  [
    "none is announced and Redis does not say who works",
    { queue: { ...queue, workers: undefined }, drafters: { announced: 0, draining: 0 } },
    /^no drafter takes shards\. Start one/,
  ],
  [
    "drafters of another Redis",
    { queue: { ...queue, workers: 0 } },
    /^2 drafters are announced, but none takes shards from this Redis/,
  ],
  ["draining", { drafters: { announced: 2, draining: 2 } }, /^all 2 announced drafters are drain/],
  [
    "one of two fails",
    { faults: [fault("node_failing", "d-1")] },
    /^5 shards wait and the 2 drafters take none/,
  ],
  [
    "all fail",
    { faults: [fault("node_failing", "d-1"), fault("node_failing", "d-2")] },
    /^all 2 drafters fail: \/models\/a\.json differs\. Mend them/,
  ],
  [
    "the only one fails",
    { faults: [fault("node_failing", "d-1")], drafters: { announced: 1, draining: 0 } },
    /^the only drafter, d-1, fails/,
  ],
  [
    "paused",
    { queue: { ...queue, paused: true } },
    /is paused.*hdel '\{nightbeam\}:shards:meta' paused/,
  ],
  [
    "limited",
    { queue: { ...queue, maxActive: 1, active: 1 } },
    /^the queue .* limited to 1 active/,
  ],
  [
    "a limit that is not reached",
    { queue: { ...queue, maxActive: 4, active: 1 } },
    /^5 shards wait and the 2 drafters/,
  ],
  ["unverified", { unverified: "no verifier is announced" }, /^no verifier is announced\. Start/],
  [
    "delayed",
    { jobs: { ...jobs, waiting: 0, delayed: 3 }, failure: "S3 answers 503.", nextTryAt: "T" },
    /^all 3 missing shards failed and are tried again at T at the earliest: S3 answers 503\. Remove/,
  ],
  ["active", { jobs: { ...jobs, waiting: 0, active: 1 } }, /^1 shard is active without progress/],
  [
    "the store, as a drafter says",
    { faults: [fault("store_failing", "d-1", "/lists")] },
    /differs/,
  ],
  ["another run's store", { faults: [fault("store_failing", "d-1", "/other")] }, /^5 shards wait/],
  [
    "the store, as the scheduler says",
    { error: "no space left" },
    /^no space left\. Check that \/lists/,
  ],
  ...(
    [
      ["READONLY You can't write against a read only replica.", /replica: make it the primary/],
      ["OOM command not allowed when used memory > 'maxmemory'.", /more memory/],
      ["MISCONF Redis is configured to save RDB snapshots", /free space on its disk/],
      ["NOAUTH Authentication required.", /password/],
      ["BUSY Redis is busy running a script.", /script kill/],
      ["LOADING Redis is loading the dataset in memory", /wait until/],
      ["WEIRD something else", /See|Check its state/],
    ] as const
  ).map(([words, remedy]) => {
    const text = new RegExp(`^Redis refuses: ${words.slice(0, 6)}.*${remedy.source}`);
    return [words, { redis: { state: "refuses", words } }, text] as const;
  }),
  [
    "Redis is away, which hides the rest",
    { redis: { state: "unreachable", words: "ECONNREFUSED" }, queue: undefined, error: "x" },
    /^Redis does not answer: ECONNREFUSED\. Start it/,
  ],
  ["nothing", { jobs: undefined }, /^the reason is not known/],
  ["planning", { phase: "planning", planning }, /^planning is stuck before the first row/],
  ["reading", { phase: "planning", planning: { ...planning, read: 7 } }, /stuck after 7 rows/],
  [
    "planning behind others",
    { phase: "planning", planning: { ...planning, ahead: ["r-0"] } },
    /^it is not being read yet, and planning of r-0 began before/,
  ],
  [
    "planning fails",
    { phase: "planning", planning: { ...planning, failure: "S3 is away." } },
    /^planning fails and is tried again: S3 is away\./,
  ],
];

describe("the reason why a run stands still", () => {
  it.each(CASES)("%s", (_, known, expected) => {
    const { why, remedy } = stallReason({ ...facts, ...known });
    expect(`${why}. ${remedy}`).toMatch(expected);
    expect(`${why}. ${remedy}`).not.toMatch(/\.\.|undefined/);
  });
});
