import type { NightStatus } from "@nightbeam/api";
import { oneOf, parseOptions, withRequired } from "@nightbeam/service";
import { print } from "@nightbeam/service/terminal";
import { Command } from "commander";
import { z } from "zod";
import { schedulerClient } from "../cluster-client/client.js";
import { connectionOf, withConnection } from "../cluster-client/connection.js";
import { localTime } from "../cluster-client/local-time.js";
import { nightTable } from "../cluster-client/night-table.js";
import { requestOf, withRequest } from "../cluster-client/request-options.js";
import { treatmentFlags, withTreatment } from "../cluster-client/treatment.js";
import { unreadableLines } from "../cluster-client/unreadable.js";
import { printResult, withJson } from "../output.js";

const nightSchema = treatmentFlags.extend({
  cron: z.string(),
  timeZone: z.string().optional(),
  missed: oneOf(["run", "skip"]).optional(),
  due: z.string().optional(),
});

/** `nightbeam nights` */
export function nightsCommand(): Command {
  return new Command("nights")
    .addCommand(putCommand())
    .addCommand(listCommand(), { isDefault: true })
    .addCommand(removeCommand());
}

function putCommand(): Command {
  const command = new Command("put")
    .description("add or replace a night; {date} in a path becomes the date")
    .argument("<name>", "name of the night")
    .option("--cron <line>", 'minute, hour, day, month and day of week, such as "0 2 * * *"')
    .option("--time-zone <zone>", "such as Europe/Berlin (default UTC)")
    .option(
      "--missed <policy>",
      "what to do with a night that did not start in time: run (default) or skip",
    )
    .option(
      "--due <time>",
      "time of day by which its lists must be complete, such as 06:00; an alarm is raised before",
    );
  return withJson(
    withConnection(withRequired(withRequest(withTreatment(command)), nightSchema)),
  ).action(async (name: string, flags: Record<string, unknown>) => {
    const { connection, rest } = await connectionOf(flags);
    const { cron, timeZone, missed, due, priority, publish } = parseOptions(nightSchema, rest);
    const night = await schedulerClient(connection).putNight(name, {
      cron,
      ...(timeZone === undefined ? {} : { timeZone }),
      ...(missed === undefined ? {} : { missed }),
      ...(due === undefined ? {} : { due }),
      ...(priority === undefined ? {} : { priority }),
      ...(publish === undefined ? {} : { publish }),
      request: requestOf(rest),
    });
    printResult(rest, { value: night, text: `night ${night.name} starts ${nextOf(night)}` });
  });
}

function listCommand(): Command {
  const command = new Command("list").description("list all nights");
  return withJson(withConnection(command)).action(async (flags: Record<string, unknown>) => {
    const { connection, rest } = await connectionOf(flags);
    const list = await schedulerClient(connection).nights();
    const { nights, unreadable } = list;
    const found = nights.length === 0 ? "There are no nights yet." : nightTable(nights);
    const text = [found, ...unreadableLines("night", unreadable)].join("\n");
    printResult(rest, { value: list, text });
  });
}

function removeCommand(): Command {
  const command = new Command("remove")
    .description("remove a night; its runs stay")
    .argument("<name>", "name of the night");
  return withConnection(command).action(async (name: string, flags: Record<string, unknown>) => {
    const { connection } = await connectionOf(flags);
    await schedulerClient(connection).removeNight(name);
    print(`night ${name} is removed\n`);
  });
}

function nextOf({ nextAt }: NightStatus): string {
  return nextAt === undefined ? "never again" : localTime(nextAt);
}
