import { COUNTS, type MetricDefinition, SECONDS } from "../definition.js";

const SERVICES = ["drafter"] as const;

/** What the draft of a run is made of. */
const DRAFTS = [
  "none",
  "checkpoint",
  "transitions",
  "retrieval",
  "previous",
  "candidates",
  "several",
] as const;

/** What is drafted, searched and asked, and what became of shards. Tries that are not committed count as well. */
export const DRAFTER_METRICS = {
  "nightbeam.drafter.users": {
    kind: "counter",
    unit: "{user}",
    description: "Input rows that are done: users with a list and rejected rows",
    services: SERVICES,
  },
  "nightbeam.drafter.searches": {
    kind: "counter",
    unit: "{search}",
    description: "Searches that ended; users with the same question share one",
    services: SERVICES,
  },
  "nightbeam.drafter.calls": {
    kind: "counter",
    unit: "{call}",
    description: "Target calls, added up over the searches",
    services: SERVICES,
  },
  "nightbeam.drafter.nodes": {
    kind: "counter",
    unit: "{node}",
    description:
      "Prefixes that the target was asked about: missing in the search, or drafted before the search needed them",
    services: SERVICES,
    labels: { asked: ["missing", "drafted"], draft: DRAFTS },
  },
  "nightbeam.drafter.draft.hits": {
    kind: "counter",
    unit: "{node}",
    description: "Drafted nodes that the search needed later: the draft's hits",
    services: SERVICES,
    labels: { draft: DRAFTS },
  },
  "nightbeam.drafter.tokens": {
    kind: "counter",
    unit: "{token}",
    description: "Rows that the target computed: prompt tokens and nodes",
    services: SERVICES,
  },
  "nightbeam.drafter.accepted_levels": {
    kind: "counter",
    unit: "{level}",
    description: "Levels of searches that needed no call of their own, because they were drafted",
    services: SERVICES,
  },
  "nightbeam.drafter.batch.users": {
    kind: "histogram",
    unit: "{user}",
    description: "Users that are decoded together",
    services: SERVICES,
    buckets: COUNTS,
  },
  "nightbeam.drafter.batch.duration": {
    kind: "histogram",
    unit: "s",
    description: "Time from the first draft of a batch to its lists",
    services: SERVICES,
    buckets: SECONDS,
  },
  "nightbeam.drafter.shards": {
    kind: "counter",
    unit: "{shard}",
    description: "Shards that this drafter took, by what became of them",
    services: SERVICES,
    labels: {
      outcome: [
        "committed",
        "found_committed",
        "failed",
        "poison",
        "left",
        "handed_back",
        "put_off",
        "refused",
        "removed",
      ],
    },
  },
  "nightbeam.drafter.shard.duration": {
    kind: "histogram",
    unit: "s",
    description: "Time from taking a shard to its commit",
    services: SERVICES,
    buckets: SECONDS,
  },
  "nightbeam.drafter.shards.active": {
    kind: "gauge",
    unit: "{shard}",
    description: "Shards in progress",
    services: SERVICES,
  },
  "nightbeam.drafter.lock.renewals": {
    kind: "counter",
    unit: "{lock}",
    description: "Locks of shards that Redis renewed",
    services: SERVICES,
  },
  "nightbeam.drafter.lock.losses": {
    kind: "counter",
    unit: "{lock}",
    description: "Locks of shards in progress that were lost: the shard is done again",
    services: SERVICES,
  },
  "nightbeam.drafter.verify.calls": {
    kind: "counter",
    unit: "{call}",
    description: "Calls that verifiers answered, each about many users",
    services: SERVICES,
  },
  "nightbeam.drafter.verify.time": {
    kind: "counter",
    unit: "s",
    description:
      "Time of answered calls: waiting in the verifier, waiting for a full batch, the model, and network with packing",
    services: SERVICES,
    labels: { part: ["queue", "batch", "compute", "network"] },
  },
  "nightbeam.drafter.verify.duration": {
    kind: "histogram",
    unit: "s",
    description: "Answered calls, from sending to the answer",
    services: SERVICES,
    buckets: SECONDS,
  },
  "nightbeam.drafter.verify.wait": {
    kind: "histogram",
    unit: "s",
    description: "Time that tries waited for a verifier that takes calls",
    services: SERVICES,
    buckets: SECONDS,
  },
  "nightbeam.drafter.verify.retries": {
    kind: "counter",
    unit: "{call}",
    description: "Tries of calls that failed, by the reason",
    services: SERVICES,
    labels: {
      reason: ["unavailable", "late", "busy", "wrong_model", "invalid", "wrong", "internal"],
    },
  },
  "nightbeam.drafter.verify.io": {
    kind: "counter",
    unit: "By",
    description: "Bytes of the messages of answered calls",
    services: SERVICES,
    labels: { direction: ["sent", "received"] },
  },
  "nightbeam.drafter.verify.audits": {
    kind: "counter",
    unit: "{call}",
    description: "Calls that were asked again of a second verifier, and compared",
    services: SERVICES,
    labels: { outcome: ["same", "differs"] },
  },
  "nightbeam.drafter.verifier.faults": {
    kind: "counter",
    unit: "{fault}",
    description: "Times that a verifier was not believed for a while, because of its answers",
    services: SERVICES,
    labels: { kind: ["answers_wrong", "answers_differ"] },
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>;
