import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { readManifest } from "@nightbeam/run";
import type { LocalClusters } from "./local-cluster.js";
import type { BenchClusterOptions } from "./options.js";

/**
 * Runs the same work by `nightbeam recommend` in a separate process, with one worker per core: the
 * baseline that a cluster on the same machine is compared with.
 *
 * @returns users per second, without the time to load the models: a cluster has loaded them before
 */
export async function recommendAlone(
  options: BenchClusterOptions & { out: string },
  { ownCommand }: Pick<LocalClusters, "ownCommand">,
): Promise<number> {
  const { command, args, env } = ownCommand();
  const { target, draft, catalogue, histories, columns, limit, out } = options;
  const names = Object.entries(columns ?? {}).map(([role, name]) => `${role}=${name}`);
  const flags = [
    ...["recommend", "--target", target, "--catalogue", catalogue, "--histories", histories],
    ...(names.length === 0 ? [] : ["--columns", names.join(",")]),
    ...draft.flatMap((one) => ["--draft", one]),
    ...["--draft-width", String(options.draftWidth), "--scoring", options.scoring],
    ...["--beam-width", String(options.beamWidth), "--batch-size", String(options.batchSize)],
    // With its own default part size: larger parts make fuller batches, so this is its best.
    ...["--out", out],
    ...(limit === undefined ? [] : ["--limit", String(limit)]),
  ];
  await promisify(execFile)(command, [...args, ...flags], { env: { ...process.env, ...env } });
  const { users, stats } = await readManifest(out);
  return users / (stats.wallSeconds ?? Number.NaN);
}
