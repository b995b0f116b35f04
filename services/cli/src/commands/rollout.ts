import { resolve } from "node:path";
import { parseOptions, withRequired, words } from "@nightbeam/service";
import { print, table } from "@nightbeam/service/terminal";
import { DRAFT_FORMS, draftAt } from "@nightbeam/settings";
import { Command } from "commander";
import { z } from "zod";
import { schedulerClient } from "../cluster-client/client.js";
import { connectionOf, withConnection } from "../cluster-client/connection.js";
import { localTime } from "../cluster-client/local-time.js";
import { unreadableLines } from "../cluster-client/unreadable.js";

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
  return withConnection(withRequired(command, schema)).action(
    async (name: string, flags: Record<string, unknown>) => {
      const { connection, rest } = await connectionOf(flags);
      const { target, draft, catalogue } = parseOptions(schema, rest);
      const rollout = await schedulerClient(connection).setRollout(name, {
        target: resolve(target),
        draft: draft.map((one) => draftAt(one, (path) => resolve(path))),
        catalogue: resolve(catalogue),
      });
      const note = rollout.announced ? "" : " (stored; not announced without NATS)";
      print(`rollout ${name} is set${note}\n`);
    },
  );
}

function listCommand(): Command {
  const command = new Command("list").description("list all rollouts");
  return withConnection(command).action(async (flags: Record<string, unknown>) => {
    const { connection } = await connectionOf(flags);
    const { rollouts, unreadable } = await schedulerClient(connection).rollouts();
    const rows = rollouts.map(({ name, target, draft = [], catalogue, setAt }) => {
      return [name, target, draft.join(" "), catalogue, localTime(setAt)];
    });
    const head = ["rollout", "target", "draft", "catalogue", "set"];
    const text = rows.length === 0 ? "There are no rollouts yet." : table([head, ...rows]);
    print(`${text}\n${unreadableLines("rollout", unreadable)}`);
  });
}
