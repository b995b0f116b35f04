import { print } from "@nightbeam/service/terminal";
import { Command } from "commander";
import { schedulerClient } from "../cluster-client/client.js";
import { connectionOf, withConnection } from "../cluster-client/connection.js";
import { shardsDone } from "../cluster-client/describe.js";

/** `nightbeam cancel` */
export function cancelCommand(): Command {
  const command = new Command("cancel").argument("<run>", "id of the run");
  return withConnection(command).action(async (runId: string, flags: Record<string, unknown>) => {
    const { connection } = await connectionOf(flags);
    const client = schedulerClient(connection);
    const { state } = await client.run(runId);
    // Always sent: a cluster that has lost its Redis must learn it again.
    const run = await client.cancel(runId);
    const became = state === "cancelled" ? "was already cancelled" : "is cancelled";
    print(`run ${run.id} ${became}: ${shardsDone(run)}\n`);
  });
}
