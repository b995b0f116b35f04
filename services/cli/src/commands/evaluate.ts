import {
  evaluateRanking,
  type RankingAtK,
  type RankingReport,
  readHistories,
  type UnseenReport,
} from "@nightbeam/dataset";
import { readRecommendations } from "@nightbeam/run";
import { listOf, parseOptions, wholeNumber, withRequired } from "@nightbeam/service";
import { table, whole } from "@nightbeam/service/terminal";
import { typedColumnsField } from "@nightbeam/settings";
import { Command } from "commander";
import { z } from "zod";
import { printResult, withJson } from "../output.js";

const schema = z.object({
  recommendations: z.string(),
  heldOut: z.string(),
  trainedOn: z.string().optional(),
  columns: typedColumnsField.optional(),
  topK: listOf(wholeNumber(1)).default([5, 10]),
  json: z.boolean().optional(),
});

/** `nightbeam evaluate` */
export function evaluateCommand(): Command {
  return withRequired(
    withJson(new Command("evaluate"))
      .option("--recommendations <dir>", "the --out of a finished run")
      .option("--held-out <file>", "users and the items that they took, in any history format")
      .option(
        "--trained-on <file>",
        "histories that the target was trained on: also report held-out items that are in none of them",
      )
      .option(
        "--columns <names>",
        "columns of both files, such as user=user_id,item=item_id,time=timestamp; common names are recognised",
      )
      .option("--top-k <list>", "values of K (default 5,10)")
      .action(async (flags: Record<string, unknown>) => {
        const { recommendations, heldOut, trainedOn, columns, topK, json } = parseOptions(
          schema,
          flags,
        );
        const report = await evaluateRanking({
          recommendations: readRecommendations(recommendations),
          heldOut: readHistories({ path: heldOut, columns }),
          trainedOn:
            trainedOn === undefined ? undefined : readHistories({ path: trainedOn, columns }),
          ks: topK,
        });
        const rows = report.metrics.map(metricsRow);
        const unseen = report.unseen === undefined ? [] : ["", unseenText(report.unseen)];
        const text = [table([HEAD, ...rows]), counts(report), ...unseen].join("\n");
        printResult({ json }, { value: report, text });
      }),
    schema,
  );
}

const HEAD = ["K", "Recall", "NDCG", "hit rate"];

function metricsRow({ k, recall, ndcg, hitRate }: RankingAtK): string[] {
  return [String(k), recall.toFixed(4), ndcg.toFixed(4), hitRate.toFixed(4)];
}

/** The metrics of items that are in no training history. */
function unseenText({ metrics, users, heldOut, items, rejectedTraining }: UnseenReport): string {
  const rows = metrics.map((one) => [...metricsRow(one), whole(one.listed)]);
  const over = `unseen items only, over ${whole(users)} users; ${whole(heldOut)} were held out, ${whole(items)} of them distinct`;
  const unusable =
    rejectedTraining === 0 ? "" : `; ${whole(rejectedTraining)} training rows were unusable`;
  return `${table([[...HEAD, "in all lists"], ...rows])}\n${over}${unusable}`;
}

/** The number of users in the averages, and why others are left out. */
function counts(report: RankingReport): string {
  const { users, withoutList, withoutHeldOut, rejectedHeldOut } = report;
  return [
    `over ${whole(users)} users`,
    ...(withoutList === 0 ? [] : [`${whole(withoutList)} with held-out items had no list`]),
    ...(withoutHeldOut === 0 ? [] : [`${whole(withoutHeldOut)} with a list had no held-out items`]),
    ...(rejectedHeldOut === 0 ? [] : [`${whole(rejectedHeldOut)} held-out rows were unusable`]),
  ].join("; ");
}
