import { listOf, parseOptions, wholeNumber, withRequired } from "@nightbeam/command";
import {
  evaluateRanking,
  type RankingReport,
  readHistories,
  readRecommendations,
} from "@nightbeam/dataset";
import { Command } from "commander";
import { z } from "zod";
import { whole } from "../terminal/progress.js";
import { table } from "../terminal/table.js";

const schema = z.object({
  recommendations: z.string(),
  heldOut: z.string(),
  topK: listOf(wholeNumber(1)).default([5, 10]),
  json: z.boolean().default(false),
});

/** `nightbeam evaluate` */
export function evaluateCommand(): Command {
  return withRequired(
    new Command("evaluate")
      .description("compare lists with what users took: Recall@K, NDCG@K, hit rate")
      .option("--recommendations <dir>", "the --out of a finished run")
      .option("--held-out <file>", "users and the items they took, in any format of histories")
      .option("--top-k <list>", "values of K (default 5,10)")
      .option("--json", "print JSON")
      .action(async (flags: Record<string, unknown>) => {
        const { recommendations, heldOut, topK, json } = parseOptions(schema, flags);
        const report = await evaluateRanking({
          recommendations: readRecommendations(recommendations),
          heldOut: readHistories({ path: heldOut }),
          ks: topK,
        });
        if (json) {
          process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
          return;
        }
        const rows = report.metrics.map(({ k, recall, ndcg, hitRate }) => [
          String(k),
          recall.toFixed(4),
          ndcg.toFixed(4),
          hitRate.toFixed(4),
        ]);
        process.stdout.write(`${table([["K", "Recall", "NDCG", "hit rate"], ...rows])}\n`);
        process.stdout.write(`${counts(report)}\n`);
      }),
    schema,
  );
}

/** Who is averaged over, and who is not and why. */
function counts(report: RankingReport): string {
  const { users, withoutList, withoutHeldOut, rejectedHeldOut } = report;
  return [
    `over ${whole(users)} users`,
    ...(withoutList === 0 ? [] : [`${whole(withoutList)} with held-out items had no list`]),
    ...(withoutHeldOut === 0 ? [] : [`${whole(withoutHeldOut)} with a list had no held-out items`]),
    ...(rejectedHeldOut === 0 ? [] : [`${whole(rejectedHeldOut)} held-out rows were unusable`]),
  ].join("; ");
}
