import { DEFAULTS } from "@nightbeam/settings";
import type { Command } from "commander";

export const HISTORIES_HELP =
  "users and their items, or events: Parquet, CSV, JSON and others; files, directories, patterns";

/** The help of `--sample-searches`. */
export function sampleSearchesHelp(usual: number): string {
  return `users per part whose searches are recorded, for the report and the page; 0: none (default ${usual})`;
}

/** The help of `--answers`. */
export function answersHelp(): string {
  return `keep: what searches find is kept beside the lists, for runs that --reuse this one; drop: it is not (default ${DEFAULTS.answers})`;
}

/** Adds the options that decide the lists and their files, the same on one machine and in a cluster. */
export function withLists(command: Command): Command {
  return command
    .option(
      "--columns <names>",
      "columns of the histories, such as user=user_id,item=item_id,time=timestamp; common names are recognised, and a file without a header takes positions: user=1,history=2",
    )
    .option(
      "--duplicate-users <rule>",
      `of a user with several rows, the last or first counts; reject: none; keep: a list for each (default ${DEFAULTS.duplicateUsers})`,
    )
    .option(
      "--unknown-items <rule>",
      `items of a history that the catalogue lacks: skip them, or reject the user (default ${DEFAULTS.unknownItems})`,
    )
    .option("--top-k <n>", `items per user (default ${DEFAULTS.topK})`)
    .option(
      "--beam-width <n>",
      `beams that the search keeps per level, or one width per level (40,20,20) (default ${DEFAULTS.beamWidth}, at least top-k; top-k if sampled)`,
    )
    .option(
      "--scoring <kind>",
      `full: over the vocabulary; renormalized: over the catalogue (default ${DEFAULTS.scoring})`,
    )
    .option(
      "--verification <kind>",
      `strict: the target's own beam search; sampled: drawn from the target without replacement; relaxed: about the same, in fewer calls (default ${DEFAULTS.verification})`,
    )
    .option("--seed <n>", `seed of drawn lists (default ${DEFAULTS.seed})`)
    .option(
      "--temperature <t>",
      `temperature of drawn lists, above 0 (default ${DEFAULTS.temperature})`,
    )
    .option(
      "--drafted <how>",
      `relaxed: the draft's sequences are sampled, or the best of its beam (default ${DEFAULTS.drafted})`,
    )
    .option(
      "--draft-width <n>",
      `prefixes drafted at each level, one width per level (60,40,30), or auto (default ${DEFAULTS.draftWidth})`,
    )
    .option(
      "--search <how>",
      `whole: the target runs each search itself; drafted: the same, with the draft's tree first; calls: it is asked for trees; auto: what is measured to be fastest (default ${DEFAULTS.search}; calls on a processor)`,
    )
    .option(
      "--item-order <file>",
      "which items of one code path come first: histories (those that occur more often), or a file of items, best first (default: by id)",
    )
    .option("--items-per-path <n>", "items of one code path in a list (default: all)")
    .option("--exclude-seen", "recommend nothing that is in the user's history")
    .option("--allow <file>", "recommend only the items of this list")
    .option("--block <file>", "recommend none of the items of this list")
    .option(
      "--allow-lists <place>",
      "items per group of users: a directory with a list each, a JSON object, or a table of group and item_id",
    )
    .option("--user-groups <file>", "which groups users belong to: a table of user and group")
    .option(
      "--candidates <place>",
      "lists of items that others propose, such as new ones: files, a directory, a pattern, or a finished run; those above --accept-above enter the lists, and the target's own search fills the rest",
    )
    .option(
      "--accept-above <nats>",
      "minimum log-likelihood (nats) of the item's code path, such as -9",
    )
    .option(
      "--accept-new-above <nats>",
      "the same for items that are in no history of --trained-on (default: --accept-above)",
    )
    .option("--trained-on <place>", "histories that the target was trained on")
    .option(
      "--candidates-per-level <n>",
      "candidates that are checked at each level of the target's search, those that continue its beams (default: all at the start)",
    )
    .option("--format <kind>", `parquet or jsonl (default ${DEFAULTS.format})`)
    .option(
      "--layout <kind>",
      `nested: a row per user, with a list of items; flat: a row per user and item (default ${DEFAULTS.layout})`,
    )
    .option(
      "--precision <kind>",
      `fp32, int8, or on a GPU fp16 or bf16 (default ${DEFAULTS.precision})`,
    )
    .option("--limit <n>", "only the first n users")
    .option(
      "--batch-size <n>",
      `users per call, fewer if beams are wide (default ${DEFAULTS.batchSize})`,
    );
}
