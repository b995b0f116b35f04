import type { Command } from "commander";

/** The options that decide about the lists and their files, on one machine as in a cluster. */
export function withLists(command: Command): Command {
  return command
    .option("--top-k <n>", "items a user gets (default 10)")
    .option(
      "--beam-width <n>",
      "beams that the search keeps (default 20, at least top-k; top-k where sampled)",
    )
    .option(
      "--scoring <kind>",
      "full: over the vocabulary; renormalized: over the catalogue (default full)",
    )
    .option(
      "--verification <kind>",
      "strict: the target's own beam search; sampled: drawn from the target without replacement; relaxed: drawn about so, in fewer calls (default strict)",
    )
    .option("--seed <n>", "of what is drawn (default 0)")
    .option("--temperature <t>", "of what is drawn, above 0 (default 1)")
    .option(
      "--drafted <how>",
      "relaxed: the draft's sequences are sampled, or the best of its beam (default sampled)",
    )
    .option(
      "--draft-width <n>",
      "prefixes drafted at each level, one a level (60,40,30), or auto (default)",
    )
    .option("--exclude-seen", "recommend nothing that is in the user's history")
    .option("--allow <file>", "recommend only the items of this list")
    .option("--block <file>", "recommend none of the items of this list")
    .option("--format <kind>", "parquet or jsonl (default parquet)")
    .option("--precision <kind>", "fp32 or int8 (default fp32)")
    .option("--limit <n>", "only the first n users")
    .option("--batch-size <n>", "users that share a call (default 32)");
}
