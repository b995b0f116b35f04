import type { PriorityName, RunStatus } from "@nightbeam/api";
import { print } from "@nightbeam/service/terminal";
import { Argument, Command } from "commander";
import { type SchedulerClient, schedulerClient } from "../cluster-client/client.js";
import { connectionOf, withConnection } from "../cluster-client/connection.js";
import { shardsDone } from "../cluster-client/describe.js";
import { PRIORITIES } from "../cluster-client/priority.js";

/** `nightbeam pause` */
export function pauseCommand(): Command {
  return runCommand("pause", async (client, runId) => {
    const run = await client.pause(runId);
    return run.state === "planning"
      ? `run ${run.id} will be paused when it is planned`
      : `run ${run.id} is paused: ${shardsDone(run)}${inProgress(run)}`;
  });
}

/** `nightbeam resume` */
export function resumeCommand(): Command {
  return runCommand("resume", async (client, runId) => {
    const before = await client.run(runId);
    const run = await client.resume(runId);
    const became = before.pausedAt === undefined ? "was not paused" : "goes on";
    return `run ${run.id} ${became}: ${shardsDone(run)}`;
  });
}

/** `nightbeam retry` */
export function retryCommand(): Command {
  return runCommand("retry", async (client, runId) => {
    const run = await client.retry(runId);
    return `run ${run.id} is tried again: ${shardsDone(run)}\nnightbeam status ${run.id} --follow`;
  });
}

/** `nightbeam priority` */
export function priorityCommand(): Command {
  const command = new Command("priority")
    .argument("<run>", "id of the run")
    .addArgument(new Argument("<priority>", "its new priority").choices(PRIORITIES));
  return withConnection(command).action(
    async (runId: string, priority: PriorityName, flags: Record<string, unknown>) => {
      const { connection } = await connectionOf(flags);
      const run = await schedulerClient(connection).prioritize(runId, priority);
      print(`run ${run.id} is ${run.priority} now: ${shardsDone(run)}\n`);
    },
  );
}

function runCommand(
  name: string,
  act: (client: SchedulerClient, runId: string) => Promise<string>,
): Command {
  const command = new Command(name).argument("<run>", "id of the run");
  return withConnection(command).action(async (runId: string, flags: Record<string, unknown>) => {
    const { connection } = await connectionOf(flags);
    print(`${await act(schedulerClient(connection), runId)}\n`);
  });
}

function inProgress({ shards }: RunStatus): string {
  if (shards === undefined || shards.active === 0) return "";
  return `; ${shards.active} in progress will be finished`;
}
