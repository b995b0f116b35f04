import { setTimeout as sleep } from "node:timers/promises";
import type { Nodes, RunStatus } from "@nightbeam/api";
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
  /** Interval between requests. */
  readonly everyMs: number;
  /** How long the scheduler may be unreachable, as during a restart. */
  readonly patienceMs?: number;
}

/** Shows the progress of a run until it ends. @returns its final status @throws ClusterError */
export async function followRun(options: FollowOptions): Promise<RunStatus> {
  const { client, runId, progress, say, everyMs } = options;
  const ask = patiently(options);
  let last = "";
  const sayOnce = (line: string) => {
    if (line !== last) say(line);
    last = line;
  };
  // The rate does not count what was done before.
  let before: number | undefined;
  for (;;) {
    const run = await ask(() => client.run(runId));
    const { users } = run;
    if (run.state === "planning") sayOnce(planningLine(run));
    else if (run.state === "unreadable") sayOnce(`it cannot be read: ${run.reason ?? ""}`);
    else if (run.state === "paused") sayOnce(`paused; \`nightbeam resume ${runId}\` lets it go on`);
    else if (run.state === "running") {
      const nodes = await ask(() => client.nodes());
      if (run.reason !== undefined) sayOnce(`waiting: ${withFlags(run.reason)}`);
      const done = users.done + users.underWay;
      before ??= done;
      const total = users.total ?? done;
      progress.update({ done: Math.min(done, total), total, before, note: note(run, nodes) });
    } else if (run.retryUntil !== undefined) {
      sayOnce(`partial: ${run.reason ?? "it is tried again"}`);
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

/** Retries while the scheduler is unreachable, if it has answered before. */
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
        if (awaySince === undefined) say("The scheduler does not answer; retrying.");
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
