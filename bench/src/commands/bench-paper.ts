import { parseOptions, withRequired } from "@nightbeam/service";
import { DEFAULTS, DRAFT_FORMS } from "@nightbeam/settings";
import { Command } from "commander";
import { paperSchema } from "../paper/options.js";
import { runPaper } from "../paper/paper.js";
import { differentCells } from "../paper/timed.js";
import { writePaper } from "../paper/write.js";

/** `nightbeam bench paper` */
export function benchPaperCommand(): Command {
  return withRequired(
    new Command("paper")
      .description(
        "the AtSpeed paper's table for your models and data: speedup, accepted steps, calls, nodes, Recall and NDCG of every method, and a plot",
      )
      .option("--target <dir>", "the large model")
      .option(
        "--data <dir>",
        "a data set in the paper's layout: items.index.json, train.txt, valid.txt, test.txt",
      )
      .option("--catalogue <file>", "in place of --data: items and their codes,")
      .option("--histories <file>", "  users and their items,")
      .option("--held-out <file>", "  and the items they took next")
      .option(
        "--columns <names>",
        "columns of the histories, such as user=user_id,history=items; common names are recognised",
      )
      .option(
        "--method <name=draft...>",
        `rows of the table, such as SFT=drafts/sft or ours=drafts/ours+transitions. Drafts: ${DRAFT_FORMS}; or previous: lists of the histories without their latest item`,
      )
      .option(
        "--out <dir>",
        "where paper.md, paper.json and paper.svg go; an interrupted comparison resumes there",
      )
      .option("--verification <list>", "default strict,relaxed,sampled")
      .option("--loop <list>", "loops of strict search (default published,demand)")
      .option("--beam-width <list>", "values of K (default 1,3,5,10,20)")
      .option("--draft-width <n>", "N, prefixes drafted per level (default 40)")
      .option("--scoring <kind>", `full or renormalized (default ${DEFAULTS.scoring})`)
      .option("--batch-size <n>", "users that share a call in timed runs (default 1)")
      .option("--limit <n>", "users of the timed runs (default 200)")
      .option("--repeat <n>", "timed rounds; the median is reported (default 2)")
      .option("--top-k <list>", "cut-offs of Recall and NDCG (default 5,10)")
      .option("--ranking-limit <n>", "users for Recall and NDCG (default 1000)")
      .option("--seeds <n>", "runs of the target's own sampling, for their spread (default 10)")
      .option("--curve-beam-width <list>", "values of K that are plotted (default 10,20)")
      .option("--curve-width <list>", "values of N that are plotted (default 20,30,40,60,80)")
      .option("--curve-limit <n>", "users for the plot (default 100)")
      .option("--workers <n>", "worker threads (default: one per core)")
      .option(
        "--prompt-cache <GiB>",
        "memory per worker for prompts kept between calls; 0: none (default 0.25)",
      )
      .action(async (flags: Record<string, unknown>) => {
        const options = parseOptions(paperSchema, flags);
        const say = (line: string) => void process.stderr.write(`${line}\n`);
        const report = await runPaper(options, say);
        const { markdown, paths } = await writePaper(report, options.out);
        process.stdout.write(markdown);
        say(`written: ${paths.join(", ")}`);
        if (differentCells(report.timed) > 0) process.exitCode = 1;
      }),
    paperSchema,
  );
}
