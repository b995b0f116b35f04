import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { readManifest } from "@nightbeam/run";
import { ownCommand } from "../../cluster/programs/own-command.js";
import type { BenchClusterOptions } from "./options.js";

/**
 * The same work by `nightbeam recommend`, in a process of its own with a worker a core: what a
 * cluster on the same machine is compared with. Users a second; loading the models does not count,
 * as a cluster has loaded them before.
 */
export async function recommendAlone(options: BenchClusterOptions, out: string): Promise<number> {
  const { command, args, env } = ownCommand();
  const { target, draft, catalogue, histories, limit } = options;
  const flags = [
    ...["recommend", "--target", target, "--catalogue", catalogue, "--histories", histories],
    ...draft.flatMap((one) => ["--draft", one]),
    ...["--draft-width", String(options.draftWidth), "--scoring", options.scoring],
    ...["--beam-width", String(options.beamWidth), "--batch-size", String(options.batchSize)],
    // In parts of its own size: larger ones make fuller batches, and this is to be its best.
    ...["--out", out],
    ...(limit === undefined ? [] : ["--limit", String(limit)]),
  ];
  await promisify(execFile)(command, [...args, ...flags], { env: { ...process.env, ...env } });
  const { users, stats } = await readManifest(out);
  return users / (stats.wallSeconds ?? Number.NaN);
}
