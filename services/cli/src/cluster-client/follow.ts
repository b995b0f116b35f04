import { setTimeout as sleep } from "node:timers/promises";
import type { Nodes, RunStatus } from "@nightbeam/scheduler/api";
import type { Progress } from "@nightbeam/service/terminal";
import { withFlags } from "../options/key-flags.js";
import type { SchedulerClient } from "./client.js";
import { callsPerUser } from "./describe.js";
import { ClusterError } from "./errors.js";

export interface FollowOptions {
  readonly client: Pick<SchedulerClient, "run" | "nodes">;
  readonly runId: string;
  readonly progress: Progress;
  readonly say: (line: string) => void;
  /** Between two looks. */
  readonly everyMs: number;
  /** How long the scheduler may be away, as during a restart, before that is an error. */
  readonly patienceMs?: number;
}

/** Shows a run until it ends. @returns how it ended. @throws ClusterError */
export async function followRun(options: FollowOptions): Promise<RunStatus> {
  const { client, runId, progress, say, everyMs } = options;
  const look = patiently(options);
  let told = "";
  const tell = (line: string) => {
    if (line !== told) say(line);
    told = line;
  };
  // What is done when the watching begins says nothing about the rate.
  let before: number | undefined;
  for (;;) {
    const run = await look(() => client.run(runId));
    const { users } = run;
    if (run.state === "planning") tell(planningLine(run));
    else if (run.state === "running") {
      const nodes = await look(() => client.nodes());
      if (run.reason !== undefined) tell(`waiting: ${withFlags(run.reason)}`);
      const done = users.done + users.underWay;
      before ??= done;
      const total = users.total ?? done;
      progress.update({ done: Math.min(done, total), total, before, note: note(run, nodes) });
    } else {
      if (before !== undefined) {
        const total = users.total ?? users.done;
        progress.update({ done: users.done, total, before, note: note(run, undefined) });
      }
      progress.finish();
      return run;
    }
    await sleep(everyMs);
  }
}

/** Asks again while the scheduler is away, once it has answered. */
function patiently({ say, everyMs, patienceMs = 300_000 }: FollowOptions) {
  let answered = false;
  return async <T>(work: () => Promise<T>): Promise<T> => {
    let awaySince: number | undefined;
    for (;;) {
      try {
        const result = await work();
        if (awaySince !== undefined) say("The scheduler answers again.");
        answered = true;
        return result;
      } catch (error) {
        const away = error instanceof ClusterError && error.code === "UNREACHABLE";
        if (!away || !answered) throw error;
        if (awaySince === undefined) say("The scheduler does not answer; asking again.");
        awaySince ??= performance.now();
        if (performance.now() - awaySince > patienceMs) throw error;
      }
      await sleep(everyMs);
    }
  };
}

function planningLine({ users, reason }: RunStatus): string {
  const read = users.read === undefined || users.read === 0 ? "" : `: ${users.read} users read`;
  return `planning${read}${reason === undefined ? "" : ` (${withFlags(reason)})`}`;
}

function note(run: RunStatus, nodes: Nodes | undefined): string {
  const { shards } = run;
  const parts: string[] = [];
  if (shards !== undefined) {
    parts.push(`shards ${shards.done}/${shards.total}`);
    if (shards.active > 0) parts.push(`${shards.active} active`);
    if (shards.waiting > 0) parts.push(`${shards.waiting} waiting`);
    if (shards.setAside > 0) parts.push(`${shards.setAside} set aside`);
  }
  const calls = callsPerUser(run);
  if (calls !== "") parts.push(calls);
  if (nodes?.connected === true) {
    parts.push(`${nodes.verifiers.length} verifiers`, `${nodes.drafters.length} drafters`);
  }
  return parts.join(", ");
}
