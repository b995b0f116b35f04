import type { Control } from "@nightbeam/control";
import { type JobQueues, redisHealth } from "@nightbeam/queue";
import { within } from "@nightbeam/service";
import { reasonOf } from "@nightbeam/service/log";
import { elapsedMs } from "./clock.js";
import { redisProblem } from "./runs/watch/redis-remedy.js";
import type { StateFiles } from "./state/documents.js";

export interface ReadinessOptions {
  readonly files: StateFiles;
  readonly queues: Pick<JobQueues, "redis" | "prefix">;
  /** Undefined without NATS, which is optional. */
  readonly control: Pick<Control, "connected"> | undefined;
  /** How long each answer may take. */
  readonly timeoutMs?: number;
  /** How long an answer stands, so that probes cost little however many there are. */
  readonly freshMs?: number;
}

/** Why the scheduler cannot work now, a sentence each. Empty: it is ready. */
export type Readiness = () => Promise<readonly string[]>;

const TIMEOUT_MS = 3_000;
const FRESH_MS = 1_000;
const PROBE = "health/probe.json";

export function readiness(options: ReadinessOptions): Readiness {
  const { freshMs = FRESH_MS } = options;
  let asked: { readonly at: number; readonly answer: Promise<readonly string[]> } | undefined;
  let isAsking = false;
  return () => {
    if (asked !== undefined && (isAsking || elapsedMs() - asked.at < freshMs)) return asked.answer;
    isAsking = true;
    const answer = reasons(options).finally(() => {
      isAsking = false;
    });
    asked = { at: elapsedMs(), answer };
    return answer;
  };
}

async function reasons(options: ReadinessOptions): Promise<readonly string[]> {
  const { queues, control, timeoutMs = TIMEOUT_MS } = options;
  const [store, redis] = await Promise.all([
    storeProblem(options),
    redisHealth(queues, { timeoutMs }),
  ]);
  const problem = redisProblem(redis);
  return [
    ...(store === undefined ? [] : [store]),
    ...(problem === undefined ? [] : [`${problem.why}. ${problem.remedy}`]),
    ...(control === undefined || control.connected ? [] : ["NATS is not connected."]),
  ];
}

/** Writes and reads a file of the state. */
async function storeProblem(options: ReadinessOptions): Promise<string | undefined> {
  const { files, timeoutMs = TIMEOUT_MS } = options;
  let problem: string | undefined;
  const work = (async () => {
    try {
      await files.write(PROBE, "{}\n");
      if ((await files.read(PROBE)) === undefined) problem = "what was written is not there";
    } catch (error) {
      problem = reasonOf(error);
    }
  })();
  if (!(await within(work, { ms: timeoutMs }))) problem = `no answer within ${timeoutMs / 1_000} s`;
  return problem === undefined
    ? undefined
    : `The state store ${files.location} cannot be used: ${problem}.`;
}
