import type { RedoBody } from "@nightbeam/scheduler/api";
import { UsageError } from "@nightbeam/service";
import { whole } from "@nightbeam/service/terminal";
import { Command } from "commander";
import { schedulerClient } from "../cluster-client/client.js";
import { connectionOf, withConnection } from "../cluster-client/connection.js";
import { shardsDone } from "../cluster-client/describe.js";

const say = (line: string) => void process.stdout.write(`${line}\n`);
const runArgument = ["<run>", "id of the run"] as const;

/** `nightbeam pause` */
export function pauseCommand(): Command {
  const command = new Command("pause").argument(...runArgument);
  return withConnection(command).action(async (runId: string, flags: Record<string, unknown>) => {
    const { connection } = await connectionOf(flags);
    const run = await schedulerClient(connection).pause(runId);
    const { active = 0 } = run.shards ?? {};
    const inProgress = active === 0 ? "" : `; ${whole(active)} in progress will still be done`;
    say(`run ${run.id} is paused: ${shardsDone(run)}${inProgress}`);
    say(`Continue with: nightbeam resume ${run.id}`);
  });
}

/** `nightbeam resume` */
export function resumeCommand(): Command {
  const command = new Command("resume").alias("retry").argument(...runArgument);
  return withConnection(command).action(async (runId: string, flags: Record<string, unknown>) => {
    const { connection } = await connectionOf(flags);
    const { outcome, run } = await schedulerClient(connection).resume(runId);
    const did =
      outcome === "resumed" ? "continues" : `is ${run.state} already; nothing was changed`;
    say(`run ${run.id} ${did}: ${shardsDone(run)}`);
  });
}

/** `nightbeam redo` */
export function redoCommand(): Command {
  const command = new Command("redo")
    .argument(...runArgument)
    .option("--shards <list>", "shards to compute again, such as 3,7-9")
    .option("--answered-by <verifier>", "the shards that this verifier answered calls of")
    .option(
      "--since <time>",
      "with --answered-by: since when, with an offset (default: since its last good audit)",
    );
  return withConnection(command).action(async (runId: string, flags: Record<string, unknown>) => {
    const { connection, rest } = await connectionOf(flags);
    const run = await schedulerClient(connection).redo(runId, redoBody(rest));
    say(`run ${run.id} computes shards again: ${shardsDone(run)}`);
  });
}

/** `nightbeam priority` */
export function priorityCommand(): Command {
  const command = new Command("priority")
    .argument(...runArgument)
    .argument("<priority>", "urgent, normal or low");
  return withConnection(command).action(
    async (runId: string, priority: string, flags: Record<string, unknown>) => {
      const { connection } = await connectionOf(flags);
      const run = await schedulerClient(connection).setPriority(runId, priority);
      say(`run ${run.id} has priority ${priority}: ${shardsDone(run)}`);
    },
  );
}

function redoBody({ shards, answeredBy, since }: Record<string, unknown>): RedoBody {
  if (shards === undefined && answeredBy === undefined) {
    throw new UsageError("BAD_OPTION", "name the shards: pass --shards, --answered-by or both");
  }
  return {
    ...(shards === undefined ? {} : { shards: parseShards(String(shards)) }),
    ...(answeredBy === undefined ? {} : { answeredBy: String(answeredBy) }),
    ...(since === undefined ? {} : { since: String(since) }),
  };
}

/** A run has no more shards. */
const MAX_SHARD = 999_999;

/** "3,7-9" as [3, 7, 8, 9]. @throws UsageError BAD_OPTION */
export function parseShards(text: string): number[] {
  return text.split(",").flatMap((range) => {
    const [, first, last = first] = /^(\d{1,6})(?:-(\d{1,6}))?$/.exec(range.trim()) ?? [];
    const [from, to] = [Number(first), Number(last)];
    if (first === undefined || to < from || to > MAX_SHARD) {
      throw new UsageError(
        "BAD_OPTION",
        `--shards has "${range}": write numbers and ranges, as 3,7-9`,
      );
    }
    return Array.from({ length: to - from + 1 }, (_, at) => from + at);
  });
}
