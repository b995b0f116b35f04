import { parseOptions } from "@nightbeam/service";
import { whole } from "@nightbeam/service/terminal";
import { Command } from "commander";
import { z } from "zod";
import { schedulerClient } from "../cluster-client/client.js";
import { connectionOf, withConnection } from "../cluster-client/connection.js";
import { printResult, withJson } from "../output.js";

const schema = z.object({
  shards: z.string().optional(),
  answeredBy: z.string().optional(),
  since: z.string().optional(),
});

/** `nightbeam redo` */
export function redoCommand(): Command {
  const command = new Command("redo")
    .argument("<run>", "id of the run")
    .option(
      "--shards <list>",
      "these shards, such as 3,7-9 (default: all that fit the other options)",
    )
    .option("--answered-by <verifier>", "shards for which this verifier answered")
    .option(
      "--since <time>",
      "shards for which a verifier answered at this time or later: 2026-11-22T06:00:00Z",
    );
  return withJson(withConnection(command)).action(
    async (runId: string, flags: Record<string, unknown>) => {
      const { connection, rest } = await connectionOf(flags);
      const { shards, answeredBy, since } = parseOptions(schema, rest);
      const redone = await schedulerClient(connection).redo(runId, {
        ...(shards === undefined ? {} : { shards }),
        ...(answeredBy === undefined ? {} : { answeredBy }),
        ...(since === undefined ? {} : { since }),
      });
      const { run, unknown } = redone;
      const count = `${whole(redone.shards)} ${redone.shards === 1 ? "shard" : "shards"}`;
      const lines = [
        redone.shards === 0
          ? `run ${run.id}: no committed shard fits; nothing is computed again`
          : `run ${run.id}: ${count} to be computed again`,
        ...(unknown === 0
          ? []
          : [`it is not known who answered for ${whole(unknown)} shards; name them with --shards`]),
        ...(redone.shards === 0 ? [] : [`nightbeam status ${run.id} --follow`]),
      ];
      printResult(rest, { value: redone, text: lines.join("\n") });
    },
  );
}
