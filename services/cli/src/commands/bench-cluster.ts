import { withRequired } from "@nightbeam/service";
import { DRAFT_NAMES } from "@nightbeam/settings";
import { Command } from "commander";
import { benchCluster } from "../bench/cluster/bench-cluster.js";
import { describeBenchCluster } from "../bench/cluster/describe.js";
import { benchClusterOptions, benchClusterSchema } from "../bench/cluster/options.js";

/** `nightbeam bench cluster` */
export function benchClusterCommand(): Command {
  return withRequired(
    new Command("cluster")
      .description("one machine alone and a cluster on it: users a second, bytes, where time goes")
      .option("--target <dir>", "the large model")
      .option("--draft <name...>", `what drafts: ${DRAFT_NAMES}, or several`)
      .option("--catalogue <file>", "items and their codes")
      .option("--histories <file>", "users and their items")
      .option("--beam-width <n>", "beams that the search keeps (default 20)")
      .option("--draft-width <n>", "prefixes drafted at each level, or auto (default)")
      .option("--scoring <kind>", "full or renormalized (default full)")
      .option("--limit <n>", "only the first n users")
      .option("--batch-size <n>", "users that share a call (default 32)")
      .option("--part-size <n>", "users of a shard (default 256)")
      .option("--verifiers <n>", "verifiers of the cluster (default 2)")
      .option("--drafters <n>", "drafters of the cluster (default 2)")
      .option("--repeat <n>", "rounds, of which the median is told (default 3)")
      .option("--json", "print JSON")
      .action(async (flags: Record<string, unknown>) => {
        const options = benchClusterOptions(flags);
        const report = await benchCluster(options, (line) => process.stderr.write(`${line}\n`));
        process.stdout.write(
          `${options.json ? JSON.stringify(report, null, 2) : describeBenchCluster(report)}\n`,
        );
      }),
    benchClusterSchema,
  );
}
