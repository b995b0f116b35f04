import type { PriorityName, RunStatus } from "@nightbeam/api";
import { Argument, Command } from "commander";
import { type SchedulerClient, schedulerClient } from "../cluster-client/client.js";
import { connectionOf, withConnection } from "../cluster-client/connection.js";
import { shardsDone } from "../cluster-client/describe.js";
import { PRIORITIES } from "../cluster-client/treatment.js";
import { printResult, withJson } from "../output.js";

/** `nightbeam pause` */
export function pauseCommand(): Command {
  return runCommand("pause", async (client, runId) => {
    const run = await client.pause(runId);
    const text =
      run.state === "planning"
        ? `run ${run.id} will be paused when it is planned`
        : `run ${run.id} is paused: ${shardsDone(run)}${inProgress(run)}`;
    return { value: run, text };
  });
}

/** `nightbeam resume` */
export function resumeCommand(): Command {
  return runCommand("resume", async (client, runId) => {
    const before = await client.run(runId);
    const run = await client.resume(runId);
    const became = before.pausedAt === undefined ? "was not paused" : "goes on";
    return { value: run, text: `run ${run.id} ${became}: ${shardsDone(run)}` };
  });
}

/** `nightbeam retry` */
export function retryCommand(): Command {
  return runCommand("retry", async (client, runId) => {
    const run = await client.retry(runId);
    const text = `run ${run.id} is tried again: ${shardsDone(run)}\nnightbeam status ${run.id} --follow`;
    return { value: run, text };
  });
}

/** `nightbeam priority` */
export function priorityCommand(): Command {
  const command = new Command("priority")
    .argument("<run>", "id of the run")
    .addArgument(new Argument("<priority>", "its new priority").choices(PRIORITIES));
  return withJson(withConnection(command)).action(
    async (runId: string, priority: PriorityName, flags: Record<string, unknown>) => {
      const { connection, rest } = await connectionOf(flags);
      const run = await schedulerClient(connection).prioritize(runId, priority);
      const text = `run ${run.id} is ${run.priority} now: ${shardsDone(run)}`;
      printResult(rest, { value: run, text });
    },
  );
}

function runCommand(
  name: string,
  act: (
    client: SchedulerClient,
    runId: string,
  ) => Promise<{ readonly value: RunStatus; readonly text: string }>,
): Command {
  const command = new Command(name).argument("<run>", "id of the run");
  return withJson(withConnection(command)).action(
    async (runId: string, flags: Record<string, unknown>) => {
      const { connection, rest } = await connectionOf(flags);
      printResult(rest, await act(schedulerClient(connection), runId));
    },
  );
}

function inProgress({ shards }: RunStatus): string {
  if (shards === undefined || shards.active === 0) return "";
  return `; ${shards.active} in progress will be finished`;
}
