import { parseOptions, withRequired } from "@nightbeam/service";
import { table } from "@nightbeam/service/terminal";
import { DEFAULTS, DRAFT_FORMS } from "@nightbeam/settings";
import { Command } from "commander";
import { type BenchReport, bench } from "../bench.js";
import type { LocalClusters } from "../cluster/local-cluster.js";
import { benchSchema } from "../options.js";
import { benchClusterCommand } from "./bench-cluster.js";
import { benchPaperCommand } from "./bench-paper.js";

/** `nightbeam bench`. `clusters` starts the clusters that `bench cluster` measures. */
export function benchCommand({ clusters }: { clusters: LocalClusters }): Command {
  return withRequired(
    new Command("bench")
      .addCommand(benchClusterCommand(clusters))
      .addCommand(benchPaperCommand())
      .option("--target <dir>", "the large model")
      .option("--draft <name...>", `what guesses ahead: ${DRAFT_FORMS}`)
      .option("--catalogue <file>", "items and their codes")
      .option("--histories <file>", "users and their items")
      .option(
        "--columns <names>",
        "columns of the histories, such as user=user_id,history=items; common names are recognised",
      )
      .option("--beam-width <list>", "values of K (default 1,3,5,10,20)")
      .option(
        "--batch-size <list>",
        "users that share a call, fewer if beams are wide (default 1,8,32)",
      )
      .option(
        "--draft-width <list>",
        "ways to draft: widths, 60/40/30 for one width per level, auto (default 40,auto)",
      )
      .option("--scoring <kind>", `full or renormalized (default ${DEFAULTS.scoring})`)
      .option(
        "--loop <list>",
        "demand: as recommend runs; published: the paper's, which discards what a call computed beyond a failed step; or both (default demand)",
      )
      .option("--precision <kind>", `fp32 or int8 (default ${DEFAULTS.precision})`)
      .option("--limit <n>", "only the first n users (default 320)")
      .option("--repeat <n>", "timed repetitions; the median is reported (default 3)")
      .option(
        "--device <device>",
        "where target and draft run: cpu, cuda, cuda:N for one of several GPUs, or webgpu (default cpu)",
      )
      .option("--workers <n>", "worker threads (default: one per core; one on a GPU)")
      .option(
        "--prompt-cache <GiB>",
        `memory per worker for prompts kept between calls; 0: none (default ${DEFAULTS.promptCache}; 0 on a GPU)`,
      )
      .option("--json", "print JSON")
      .action(async (flags: Record<string, unknown>) => {
        const options = parseOptions(benchSchema, flags);
        const report = await bench(options, (line) => process.stderr.write(`${line}\n`));
        process.stdout.write(
          options.json ? `${JSON.stringify(report, null, 2)}\n` : `${describe(report)}\n`,
        );
      }),
    benchSchema,
  );
}

const HEAD = [
  "K",
  "batch",
  "search",
  "calls",
  "nodes",
  "AS first",
  "AS per call",
  "users/s",
  "ratio",
  "matrix rate",
  "lists",
];

function describe(report: BenchReport): string {
  const rows = report.rows.map((row) => [
    String(row.beamWidth),
    String(row.batchSize),
    row.way,
    row.callsPerUser.toFixed(2),
    row.nodesPerUser.toFixed(1),
    row.firstCallAcceptedSteps.toFixed(2),
    row.acceptedStepsPerCall.toFixed(2),
    row.usersPerSecond.toFixed(1),
    row.ratio.toFixed(2),
    row.shareOfMatrixRate === null ? "-" : `${(100 * row.shareOfMatrixRate).toFixed(0)}%`,
    row.sameLists ? "same" : "DIFFERENT",
  ]);
  return [
    table([HEAD, ...rows]),
    "",
    "calls, nodes: per user. AS: drafted steps that a call accepts, as the AtSpeed paper counts them.",
    "ratio: users/s over plain search in the same runtime. matrix rate: share of this machine's",
    matrixRateNote(report),
  ].join("\n");
}

function matrixRateNote({ matrixRate }: BenchReport): string {
  return matrixRate === null
    ? "float32 matrix products that the whole run reaches; not measured on a GPU."
    : `${matrixRate.toFixed(0)} GFLOP/s in float32 matrix products that the whole run reaches; prompt tokens and nodes count once.`;
}
