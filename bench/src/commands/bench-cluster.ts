import { withRequired } from "@nightbeam/service";
import { DEFAULTS, DRAFT_FORMS } from "@nightbeam/settings";
import { Command } from "commander";
import { benchCluster } from "../cluster/bench-cluster.js";
import { describeBenchCluster } from "../cluster/describe.js";
import type { LocalClusters } from "../cluster/local-cluster.js";
import { benchClusterOptions, benchClusterSchema } from "../cluster/options.js";

/** `nightbeam bench cluster` */
export function benchClusterCommand(clusters: LocalClusters): Command {
  return withRequired(
    new Command("cluster")
      .description(
        "one machine alone and a cluster on it: users per second, bytes, where time goes",
      )
      .option("--target <dir>", "the large model")
      .option("--draft <name...>", `what guesses ahead: ${DRAFT_FORMS}`)
      .option("--catalogue <file>", "items and their codes")
      .option("--histories <file>", "users and their items")
      .option(
        "--columns <names>",
        "columns of the histories, such as user=user_id,history=items; common names are recognised",
      )
      .option("--beam-width <n>", `beams that the search keeps (default ${DEFAULTS.beamWidth})`)
      .option("--draft-width <n>", "prefixes drafted per level, or auto (default)")
      .option("--scoring <kind>", `full or renormalized (default ${DEFAULTS.scoring})`)
      .option("--limit <n>", "only the first n users")
      .option("--batch-size <n>", `users that share a call (default ${DEFAULTS.batchSize})`)
      .option("--part-size <n>", `users per shard (default ${DEFAULTS.clusterPartSize})`)
      .option("--verifiers <n>", "verifiers of the cluster (default 2)")
      .option("--drafters <n>", "drafters of the cluster (default 2)")
      .option("--repeat <n>", "rounds; the median is reported (default 3)")
      .option("--json", "print JSON")
      .action(async (flags: Record<string, unknown>) => {
        const options = benchClusterOptions(flags);
        const say = (line: string) => void process.stderr.write(`${line}\n`);
        const report = await benchCluster(options, { clusters, say });
        process.stdout.write(
          `${options.json ? JSON.stringify(report, null, 2) : describeBenchCluster(report)}\n`,
        );
      }),
    benchClusterSchema,
  );
}
