import { setTimeout as sleep } from "node:timers/promises";
import type { RunStatus, StartedRun, TreatmentBody } from "@nightbeam/api";
import { parseOptions } from "@nightbeam/service";
import { printError, whole } from "@nightbeam/service/terminal";
import { Command } from "commander";
import { type SchedulerClient, schedulerClient } from "../cluster-client/client.js";
import { connectionOf, withConnection } from "../cluster-client/connection.js";
import { shardsDone } from "../cluster-client/describe.js";
import { describeEstimate } from "../cluster-client/describe-estimate.js";
import { dueTime } from "../cluster-client/due.js";
import { ClusterError } from "../cluster-client/errors.js";
import { requestOf, withRequest } from "../cluster-client/request-options.js";
import { treatmentFlags, withTreatment } from "../cluster-client/treatment.js";
import { printResult, withJson } from "../output.js";
import { proposedText } from "../recommend/candidate-facts.js";

/** `nightbeam submit` */
export function submitCommand(): Command {
  const command = new Command("submit")
    .option("--dry-run", "only estimate shards, calls, time and cost; nothing is submitted")
    .option("--no-wait", "do not wait until the run is planned")
    .option("--due <time>", "an alarm is raised before it is late: 06:00, or a time with an offset")
    .option(
      "--retry-partial",
      "try shards that failed permanently again, until the run is due or for 12 hours",
    );
  return withJson(withConnection(withRequest(withTreatment(command)))).action(submit);
}

/** How the cluster treats the run. @throws UsageError BAD_OPTION */
function treatmentOf(flags: Record<string, unknown>): TreatmentBody {
  const { due, retryPartial } = flags;
  const { priority, publish } = parseOptions(treatmentFlags, flags);
  return {
    ...(typeof due === "string" ? { due: dueTime(due, new Date()) } : {}),
    ...(retryPartial === true ? { retryPartial } : {}),
    ...(priority === undefined ? {} : { priority }),
    ...(publish === undefined ? {} : { publish }),
  };
}

const LOOK_MS = 250;
const SAY_MS = 10_000;

async function submit(flags: Record<string, unknown>): Promise<void> {
  const { connection, rest } = await connectionOf(flags);
  const client = schedulerClient(connection);
  const body = { ...requestOf(rest), ...treatmentOf(rest) };
  if (rest.dryRun === true) {
    const estimate = await client.estimate(body);
    printResult(rest, { value: estimate, text: describeEstimate(estimate) });
    return;
  }
  const started = await client.submit(body);
  const run = rest.wait === false ? started.run : await planned(client, started.run);
  if (run.state === "refused") {
    throw new ClusterError("REFUSED", `run ${run.id} cannot be planned: ${run.reason ?? ""}`);
  }
  const next = run.state === "complete" ? [] : [`nightbeam status ${run.id} --follow`];
  const { candidates } = run;
  const proposed = candidates === undefined ? [] : [`candidates: ${proposedText(candidates)}`];
  const text = [outcomeLine(started, run), ...proposed, ...next].join("\n");
  printResult(rest, { value: { ...started, run }, text });
}

async function planned(client: SchedulerClient, first: RunStatus): Promise<RunStatus> {
  let run = first;
  let said = performance.now();
  while (run.state === "planning") {
    await sleep(LOOK_MS);
    run = await client.run(run.id);
    if (performance.now() - said < SAY_MS || run.state !== "planning") continue;
    said = performance.now();
    printError(`planning: ${whole(run.users.read ?? 0)} users read\n`);
  }
  return run;
}

function resumeHint({ id, pausedAt }: RunStatus): string {
  return pausedAt === undefined ? "" : `; \`nightbeam resume ${id}\` lets it go on`;
}

function outcomeLine({ outcome }: StartedRun, run: RunStatus): string {
  switch (outcome) {
    case "created": {
      const { users, shards } = run;
      if (users.total === undefined || shards === undefined) return `run ${run.id}`;
      const count = `${whole(shards.total)} ${shards.total === 1 ? "shard" : "shards"}`;
      return `run ${run.id}: ${whole(users.total)} users in ${count}`;
    }
    case "resumed":
      return `run ${run.id} is resumed: ${shardsDone(run)}`;
    case "unchanged":
      return `run ${run.id}: this run exists already and is ${run.state}: ${shardsDone(run)}${resumeHint(run)}`;
    default:
      return outcome satisfies never;
  }
}
