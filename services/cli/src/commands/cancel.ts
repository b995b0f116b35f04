import { Command } from "commander";
import { schedulerClient } from "../cluster-client/client.js";
import { connectionOf, withConnection } from "../cluster-client/connection.js";
import { shardsDone } from "../cluster-client/describe.js";

/** `nightbeam cancel` */
export function cancelCommand(): Command {
  const command = new Command("cancel")
    .description("stop a run; what is done is kept, and submitting it again goes on")
    .argument("<run>", "the run's name");
  return withConnection(command).action(async (runId: string, flags: Record<string, unknown>) => {
    const { connection } = await connectionOf(flags);
    const client = schedulerClient(connection);
    const { state } = await client.run(runId);
    // Sent all the same: a cluster that lost its Redis since is told anew.
    const run = await client.cancel(runId);
    const became = state === "cancelled" ? "was cancelled already" : "is cancelled";
    process.stdout.write(`run ${run.id} ${became}: ${shardsDone(run)}\n`);
  });
}
