import { print } from "@nightbeam/service/terminal";
import { Command } from "commander";
import { schedulerClient } from "../cluster-client/client.js";
import { connectionOf, withConnection } from "../cluster-client/connection.js";
import { runTable } from "../cluster-client/run-table.js";

/** `nightbeam runs` */
export function runsCommand(): Command {
  const command = new Command("runs");
  return withConnection(command).action(async (flags: Record<string, unknown>) => {
    const { connection } = await connectionOf(flags);
    const runs = await schedulerClient(connection).runs();
    print(`${runs.length === 0 ? "There are no runs yet." : runTable(runs)}\n`);
  });
}
