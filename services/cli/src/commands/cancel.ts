import { Command } from "commander";
import { schedulerClient } from "../cluster-client/client.js";
import { connectionOf, withConnection } from "../cluster-client/connection.js";
import { shardsDone } from "../cluster-client/describe.js";
import { printResult, withJson } from "../output.js";

/** `nightbeam cancel` */
export function cancelCommand(): Command {
  const command = new Command("cancel").argument("<run>", "id of the run");
  return withJson(withConnection(command)).action(
    async (runId: string, flags: Record<string, unknown>) => {
      const { connection, rest } = await connectionOf(flags);
      const client = schedulerClient(connection);
      const { state } = await client.run(runId);
      // Always sent: a cluster that has lost its Redis must learn it again.
      const run = await client.cancel(runId);
      const became = state === "cancelled" ? "was already cancelled" : "is cancelled";
      printResult(rest, { value: run, text: `run ${run.id} ${became}: ${shardsDone(run)}` });
    },
  );
}
