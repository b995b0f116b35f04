import { evaluateRanking, readHistories, readRecommendations } from "@nightbeam/dataset";
import { Command } from "commander";
import { z } from "zod";
import { optionError } from "../recommend/options.js";
import { whole } from "../terminal/progress.js";
import { table } from "../terminal/table.js";

const schema = z.object({
  recommendations: z.string(),
  heldOut: z.string(),
  topK: z
    .string()
    .default("5,10")
    .transform((text): (string | number)[] => text.split(","))
    .pipe(z.array(z.coerce.number<string | number>().int().positive())),
  json: z.boolean().default(false),
});

/** `nightbeam evaluate` */
export function evaluateCommand(): Command {
  return new Command("evaluate")
    .description("compare lists with what users took: Recall@K, NDCG@K, hit rate")
    .option("--recommendations <dir>", "the --out of a finished run")
    .option("--held-out <file>", "users and the items they took, in any format of histories")
    .option("--top-k <list>", "values of K (default 5,10)")
    .option("--json", "print JSON")
    .action(async (flags: Record<string, unknown>) => {
      const parsed = schema.safeParse(flags);
      if (!parsed.success) throw optionError(parsed.error);
      const { recommendations, heldOut, topK, json } = parsed.data;
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
      process.stdout.write(
        `over ${whole(report.users)} users; ${whole(report.withoutList)} with held-out items had no list, ${whole(report.withoutHeldOut)} with a list had no held-out items\n`,
      );
    });
}
