import { resolve } from "node:path";
import { parseOptions, withRequired, words } from "@nightbeam/service";
import { table } from "@nightbeam/service/terminal";
import { DRAFT_FORMS, draftAt } from "@nightbeam/settings";
import { Command } from "commander";
import { z } from "zod";
import { schedulerClient } from "../cluster-client/client.js";
import { connectionOf, withConnection } from "../cluster-client/connection.js";
import { localTime } from "../cluster-client/local-time.js";
import { unreadableLines } from "../cluster-client/unreadable.js";
import { printResult, withJson } from "../output.js";

const schema = z.object({ target: z.string(), draft: words.default([]), catalogue: z.string() });

/** `nightbeam rollout` */
export function rolloutCommand(): Command {
  return new Command("rollout")
    .addCommand(setCommand())
    .addCommand(listCommand(), { isDefault: true });
}

function setCommand(): Command {
  const command = new Command("set")
    .description("set the models that new runs start with; existing runs keep theirs")
    .argument("<name>", "name of the rollout")
    .option("--target <dir>", "the large model")
    .option("--draft <name...>", `what drafts: ${DRAFT_FORMS}`)
    .option("--catalogue <file>", "items and their codes");
  return withJson(withConnection(withRequired(command, schema))).action(
    async (name: string, flags: Record<string, unknown>) => {
      const { connection, rest } = await connectionOf(flags);
      const { target, draft, catalogue } = parseOptions(schema, rest);
      const rollout = await schedulerClient(connection).setRollout(name, {
        target: resolve(target),
        draft: draft.map((one) => draftAt(one, (path) => resolve(path))),
        catalogue: resolve(catalogue),
      });
      const note = rollout.announced ? "" : " (stored; not announced without NATS)";
      printResult(rest, { value: rollout, text: `rollout ${name} is set${note}` });
    },
  );
}

function listCommand(): Command {
  const command = new Command("list").description("list all rollouts");
  return withJson(withConnection(command)).action(async (flags: Record<string, unknown>) => {
    const { connection, rest } = await connectionOf(flags);
    const list = await schedulerClient(connection).rollouts();
    const { rollouts, unreadable } = list;
    const rows = rollouts.map(({ name, target, draft = [], catalogue, setAt }) => {
      return [name, target, draft.join(" "), catalogue, localTime(setAt)];
    });
    const head = ["rollout", "target", "draft", "catalogue", "set"];
    const found = rows.length === 0 ? "There are no rollouts yet." : table([head, ...rows]);
    const text = [found, ...unreadableLines("rollout", unreadable)].join("\n");
    printResult(rest, { value: list, text });
  });
}
