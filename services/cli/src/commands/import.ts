import type { ImportReport, OwnerFiles, Shares } from "@nightbeam/import";
import { amazonFiles, goodreadsFiles, importDataset, movielensFiles } from "@nightbeam/import";
import { parseOptions, wholeNumber, withRequired } from "@nightbeam/service";
import { facts, printError, whole } from "@nightbeam/service/terminal";
import { Command } from "commander";
import { z } from "zod";
import { printResult, withJson } from "../output.js";

const path = z.string().optional();
const split = z
  .string()
  .regex(/^[1-9]\d{0,5}:\d{1,6}:\d{1,6}$/, "give train, valid and test, such as 8:1:1")
  .transform((text): Shares => {
    const [train = 0, valid = 0, test = 0] = text.split(":").map(Number);
    return [train, valid, test];
  });

const common = {
  out: z.string(),
  minRating: z.coerce.number("give a number of stars").optional(),
  core: wholeNumber(0).optional(),
  split: split.optional(),
};
const movielens = z.object({ ...common, data: z.string() });
const goodreads = z.object({
  ...common,
  interactions: z.string(),
  books: path,
  bookIds: path,
  userIds: path,
  shelved: z.boolean().optional(),
});
const amazon = z.object({ ...common, reviews: z.string(), meta: path });

/** `nightbeam import` */
export function importCommand(): Command {
  return new Command("import")
    .addCommand(
      withCommon(
        movielens,
        new Command("movielens")
          .description("MovieLens: ratings.dat and movies.dat, or ratings.csv and movies.csv")
          .option("--data <dir>", "the directory of the unpacked archive"),
      ).action(async (flags: Record<string, unknown>) => {
        const options = parseOptions(movielens, flags);
        await run(await movielensFiles(options), options);
      }),
    )
    .addCommand(
      withCommon(
        goodreads,
        new Command("goodreads")
          .description("the UCSD Book Graph")
          .option(
            "--interactions <file>",
            "goodreads_interactions_*.json(.gz), or goodreads_interactions.csv (without dates)",
          )
          .option("--books <file>", "goodreads_books*.json(.gz), for titles")
          .option("--book-ids <file>", "book_id_map.csv, with the CSV")
          .option("--user-ids <file>", "user_id_map.csv, with the CSV")
          .option("--shelved", "include books that users only put on a shelf"),
      ).action(async (flags: Record<string, unknown>) => {
        const options = parseOptions(goodreads, flags);
        await run(await goodreadsFiles(options), options);
      }),
    )
    .addCommand(
      withCommon(
        amazon,
        new Command("amazon")
          .description("Amazon reviews of 2014, 2018 or 2023, one category")
          .option("--reviews <file>", "reviews_*_5.json.gz, *_5.json.gz, *.jsonl.gz or *.csv")
          .option("--meta <file>", "meta_*.json.gz or meta_*.jsonl.gz, for titles and categories"),
      ).action(async (flags: Record<string, unknown>) => {
        const options = parseOptions(amazon, flags);
        await run(await amazonFiles(options), options);
      }),
    );
}

function withCommon(schema: z.ZodType, command: Command): Command {
  return withRequired(
    withJson(command)
      .option("--out <dir>", "a new directory")
      .option("--min-rating <stars>", "drop events with a lower rating or without one")
      .option(
        "--core <n>",
        "drop users and items with fewer than n events (k-core); 0 keeps all (default 5)",
      )
      .option("--split <shares>", "train, valid and test, split by time (default 8:1:1)"),
    schema,
  );
}

async function run(
  files: OwnerFiles,
  options: Pick<z.output<typeof movielens>, keyof typeof common> & { readonly json?: unknown },
): Promise<void> {
  const report = await importDataset({
    files,
    out: options.out,
    minRating: options.minRating,
    core: options.core,
    shares: options.split,
    onProgress: (text) => printError(`${text}\n`),
  });
  const text = `${facts(pairsOf(report))}\nwrote them to ${options.out}`;
  printResult(options, { value: { out: options.out, ...report }, text });
}

function pairsOf(report: ImportReport): [string, string][] {
  const { read, itemLines } = report;
  const bad = read.rejected + (itemLines?.rejected ?? 0);
  const left = read.leftOut + read.belowRating + report.repeated + report.outsideCore;
  return [
    ["lines", `${whole(read.lines)}, of which ${whole(bad)} invalid ones are in rejected.jsonl`],
    ["events", `${whole(report.events)}; ${whole(left)} dropped`],
    ["users, items", `${whole(report.users)}, ${whole(report.items)}`],
    ["histories.jsonl", `${whole(report.testUsers)} users; their next items are in held-out.jsonl`],
    ["train.jsonl", `${whole(report.trainUsers)} other users`],
    ["items.jsonl", `${whole(report.itemsWithoutName)} items without a name`],
  ];
}
