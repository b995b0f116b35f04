import { resolve } from "node:path";
import { parseOptions, withRequired, words } from "@nightbeam/service";
import { table } from "@nightbeam/service/terminal";
import { DRAFT_FORMS, draftAt } from "@nightbeam/settings";
import { Command } from "commander";
import { z } from "zod";
import { schedulerClient } from "../cluster-client/client.js";
import { connectionOf, withConnection } from "../cluster-client/connection.js";
import { localTime } from "../cluster-client/run-table.js";

const schema = z.object({ target: z.string(), draft: words.default([]), catalogue: z.string() });

/** `nightbeam rollout` */
export function rolloutCommand(): Command {
  return new Command("rollout")
    .description("models that new runs begin with, under a name: --target rollout:NAME")
    .addCommand(setCommand())
    .addCommand(listCommand(), { isDefault: true });
}

function setCommand(): Command {
  const command = new Command("set")
    .description("say what new runs of this rollout begin with; runs under way keep what they have")
    .argument("<name>", "what the rollout is called")
    .option("--target <dir>", "the large model")
    .option("--draft <name...>", `what guesses ahead: ${DRAFT_FORMS}`)
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
      const heard = rollout.announced ? "" : " (kept; not announced, as NATS is not there)";
      process.stdout.write(`rollout ${name} is set${heard}\n`);
    },
  );
}

function listCommand(): Command {
  const command = new Command("list").description("all rollouts");
  return withConnection(command).action(async (flags: Record<string, unknown>) => {
    const { connection } = await connectionOf(flags);
    const rollouts = await schedulerClient(connection).rollouts();
    const rows = rollouts.map(({ name, target, draft = [], catalogue, setAt }) => {
      return [name, target, draft.join(" "), catalogue, localTime(setAt)];
    });
    const head = ["rollout", "target", "draft", "catalogue", "set"];
    const text = rows.length === 0 ? "There are no rollouts yet." : table([head, ...rows]);
    process.stdout.write(`${text}\n`);
  });
}
