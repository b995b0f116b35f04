import { redisProblem } from "./redis-remedy.js";
import type { StallFacts, StallReason } from "./stall-facts.js";

type Rule = (facts: StallFacts) => StallReason | undefined;

/** Why a run stands still, as far as it is known. What holds up everything comes before what holds up this run. */
export function stallReason(facts: StallFacts): StallReason {
  const rules = facts.phase === "planning" ? PLANNING : RUNNING;
  for (const rule of rules) {
    const reason = rule(facts);
    if (reason !== undefined) return reason;
  }
  return UNKNOWN;
}

const UNKNOWN: StallReason = {
  why: "the reason is not known",
  remedy: "See the logs of the drafters and of the scheduler.",
};

const redisFails: Rule = ({ redis }) => (redis === undefined ? undefined : redisProblem(redis));

const storeFails: Rule = ({ faults, runId, location, error }) => {
  const fault = faults.find(({ kind, subject, runId: about }) => {
    return kind === "store_failing" && (about === runId || subject === location);
  });
  const why = fault?.message ?? error;
  if (why === undefined) return undefined;
  const remedy = `Check that ${location} can be read and written on all nodes.`;
  return { why: withoutStop(why), remedy };
};

const isPaused: Rule = ({ queue, queueKey }) => {
  if (queue?.paused !== true) return undefined;
  return {
    why: "the queue of shards is paused, so drafters take nothing",
    remedy: `Resume it where it was paused, such as in bull-board, or with \`redis-cli hdel '${queueKey}' paused\`.`,
  };
};

const isLimited: Rule = ({ queue, queueKey }) => {
  const { maxActive, active = 0, waiting = 0 } = queue ?? {};
  if (maxActive === undefined || active < maxActive || waiting === 0) return undefined;
  return {
    why: `the queue of shards is limited to ${maxActive} active ${shards(maxActive)}, and ${active} are`,
    remedy: `Remove the limit with \`redis-cli hdel '${queueKey}' concurrency\`.`,
  };
};

const noDrafter: Rule = ({ queue, drafters }) => {
  const { announced, draining } = drafters ?? { announced: undefined, draining: 0 };
  if (announced !== undefined && announced > 0 && announced === draining) {
    return {
      why: `all ${announced} announced drafters are draining`,
      remedy: "Start other drafters.",
    };
  }
  const workers = queue?.workers ?? (announced === 0 ? 0 : undefined);
  if (workers !== 0) return undefined;
  if (announced === undefined || announced === 0) {
    return { why: "no drafter takes shards", remedy: "Start one with `nightbeam drafter`." };
  }
  return {
    why: `${announced} drafters are announced, but none takes shards from this Redis`,
    remedy: "Check that drafters and scheduler have the same --redis, and see the drafters' logs.",
  };
};

const allFail: Rule = ({ queue, drafters, faults }) => {
  const failing = faults.filter(({ kind }) => kind === "node_failing");
  const nodes = new Set(failing.map(({ node }) => node));
  const known = drafters?.announced || queue?.workers;
  const [first] = failing;
  if (first === undefined || known === undefined || nodes.size < known) return undefined;
  const whose =
    nodes.size === 1 ? `the only drafter, ${first.node},` : `all ${nodes.size} drafters`;
  return {
    why: `${whose} ${nodes.size === 1 ? "fails" : "fail"}: ${withoutStop(first.message)}`,
    remedy: "Mend them; they try again by themselves.",
  };
};

const noVerifier: Rule = ({ unverified }) => {
  if (unverified === undefined) return undefined;
  return { why: unverified, remedy: "Start such a verifier, or cancel the run." };
};

const allDelayed: Rule = ({ jobs, nextTryAt, failure }) => {
  if (jobs === undefined || jobs.delayed === 0 || jobs.waiting + jobs.active > 0) return undefined;
  const when = nextTryAt === undefined ? "later" : `at ${nextTryAt}`;
  const cause = failure === undefined ? "" : `: ${withoutStop(failure)}`;
  return {
    why: `all ${jobs.delayed} missing shards failed and are tried again ${when} at the earliest${cause}`,
    remedy: "Remove the cause; nothing else is needed.",
  };
};

const noProgress: Rule = ({ jobs, failure }) => {
  if (jobs === undefined || jobs.active === 0) return undefined;
  const cause = failure === undefined ? "" : `; others failed: ${withoutStop(failure)}`;
  return {
    why: `${jobs.active} ${shards(jobs.active)} ${jobs.active === 1 ? "is" : "are"} active without progress${cause}`,
    remedy: "See the logs of the drafters and verifiers: one may hang.",
  };
};

const notTaken: Rule = ({ jobs, queue }) => {
  if (jobs === undefined || jobs.waiting === 0) return undefined;
  const workers = queue?.workers;
  const who = workers === undefined ? "no drafter takes them" : `the ${workers} drafters take none`;
  return {
    why: `${jobs.waiting} ${shards(jobs.waiting)} ${jobs.waiting === 1 ? "waits" : "wait"} and ${who}`,
    remedy: "See the logs of the drafters.",
  };
};

const planningFails: Rule = ({ planning }) => {
  if (planning?.failure === undefined) return undefined;
  return {
    why: `planning fails and is tried again: ${withoutStop(planning.failure)}`,
    remedy: "Remove the cause; nothing else is needed.",
  };
};

const planningWaits: Rule = ({ planning }) => {
  const { ahead = [], read = 0 } = planning ?? {};
  if (read > 0 || ahead.length === 0) return undefined;
  return {
    why: `it is not being read yet, and planning of ${ahead.join(", ")} began before`,
    remedy: "Look at these runs first; cancel one that hangs.",
  };
};

const planningStuck: Rule = ({ planning }) => {
  const read = planning?.read ?? 0;
  const where = read === 0 ? "before the first row" : `after ${read} rows`;
  return {
    why: `planning is stuck ${where}`,
    remedy: "Check that target, catalogue and histories can be read on the scheduler's machine.",
  };
};

const PLANNING: readonly Rule[] = [
  planningFails,
  redisFails,
  planningWaits,
  storeFails,
  planningStuck,
];
const RUNNING: readonly Rule[] = [
  ...[redisFails, storeFails, isPaused, isLimited, noDrafter, allFail],
  ...[noVerifier, allDelayed, noProgress, notTaken],
];

function shards(count: number): string {
  return count === 1 ? "shard" : "shards";
}

function withoutStop(text: string): string {
  return text.replace(/\.\s*$/, "");
}
