import { type Command, Option } from "commander";

/** Flags with their meaning and, where it is not the flag's own name, their variable. */
const FLAGS: readonly (readonly [flag: string, meaning: string, variable?: string])[] = [
  ["--redis <url>", "where the shards wait: redis://host:port", "NIGHTBEAM_REDIS_URL"],
  [
    "--nats <url>",
    "where verifiers and drafters find each other; without it, name the verifiers",
    "NIGHTBEAM_NATS_URL",
  ],
  [
    "--verifiers <host:port,...>",
    "verifiers that are known without NATS, and as long as it is away",
  ],
  ["--shards-at-once <n>", "shards under way; the next one fills the gaps of the last (default 2)"],
  [
    "--lanes <n>",
    "batches of a shard under way: some are drafted while others are verified (default: the known verifiers and 2 more)",
  ],
  ["--workers <n>", "threads with a copy of each draft (default: one a core)"],
  [
    "--prompt-cache <GiB>",
    "memory a draft's thread keeps prompts in between calls; 0: none (default 1)",
  ],
  ["--scratch <dir>", "where files are written before they go to the store (default: temporary)"],
  ["--lock-ms <ms>", "after so long without a sign of life a shard counts as lost (default 30000)"],
  ["--stall-check-ms <ms>", "between two looks for lost shards (default: half of it)"],
  ["--grace-ms <ms>", "time that shards under way have when it stops (default 30000)"],
  [
    "--name <name>",
    "what it is called in lists and logs; no two may have one (default: host and a random number)",
  ],
  ["--log-level <level>", "debug, info, warn, error or silent (default info)"],
  ["--log-format <kind>", "json, or pretty (default on a terminal)"],
];

/** Adds the flags; each can be given by its environment variable as well, and the flag wins. */
export function addFlags(command: Command): Command {
  for (const [flag, meaning, variable] of FLAGS) {
    const option = new Option(flag, meaning);
    const name = option.name().replaceAll("-", "_").toUpperCase();
    command.addOption(option.env(variable ?? `NIGHTBEAM_${name}`));
  }
  return command;
}

/** What a person gave an option with: its flag, or its variable where the value came from there. */
export function nameIn(command: Command): (key: string) => string {
  return (key) => {
    const option = command.options.find((one) => one.attributeName() === key);
    const isVariable = command.getOptionValueSource(key) === "env";
    return (isVariable ? option?.envVar : option?.long) ?? `--${key}`;
  };
}
