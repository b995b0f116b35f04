import type { PruneReport } from "@nightbeam/api";
import { parseOptions, withRequired } from "@nightbeam/service";
import { table, whole } from "@nightbeam/service/terminal";
import { Command } from "commander";
import { z } from "zod";
import { schedulerClient } from "../cluster-client/client.js";
import { connectionOf, withConnection } from "../cluster-client/connection.js";
import { runTable } from "../cluster-client/run-table.js";
import { printResult, withJson } from "../output.js";

/** `nightbeam runs` */
export function runsCommand(): Command {
  return new Command("runs")
    .addCommand(listCommand(), { isDefault: true })
    .addCommand(pruneCommand());
}

function listCommand(): Command {
  const command = new Command("list").description("list all runs");
  return withJson(withConnection(command)).action(async (flags: Record<string, unknown>) => {
    const { connection, rest } = await connectionOf(flags);
    const runs = await schedulerClient(connection).runs();
    const text = runs.length === 0 ? "There are no runs yet." : runTable(runs);
    printResult(rest, { value: { runs }, text });
  });
}

const schema = z.object({
  keep: z.string(),
  dryRun: z.boolean().optional(),
  lists: z.boolean().optional(),
});

function pruneCommand(): Command {
  const command = new Command("prune")
    .description("remove runs that ended long ago; their lists stay unless --lists is given")
    .option("--keep <time>", "how long ended runs are kept: 14d or 36h")
    .option("--dry-run", "only print what would be removed")
    .option("--lists", "remove their lists too");
  return withJson(withConnection(withRequired(command, schema))).action(
    async (flags: Record<string, unknown>) => {
      const { connection, rest } = await connectionOf(flags);
      const { keep, dryRun = false, lists = false } = parseOptions(schema, rest);
      const report = await schedulerClient(connection).prune({ keep, dryRun, lists });
      printResult(rest, { value: report, text: reportText(report) });
    },
  );
}

function reportText({ runs, dates, dryRun, lists }: PruneReport): string {
  if (runs.length === 0 && dates === 0) return "There is nothing to remove.";
  const rows = runs.map(({ id, state, inputs, out }) => [id, state, whole(inputs), out]);
  const head = ["run", "state", "input files", lists ? "lists, removed too" : "lists, which stay"];
  const verb = dryRun ? "would be removed" : "are removed";
  const shown = rows.length === 0 ? [] : [table([head, ...rows])];
  const many = (count: number, noun: string) => `${whole(count)} ${noun}${count === 1 ? "" : "s"}`;
  const sum = `${many(runs.length, "run")} and ${many(dates, "date")} of nights ${verb}`;
  return [...shown, sum].join("\n");
}
