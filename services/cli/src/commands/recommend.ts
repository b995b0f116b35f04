import { constants } from "node:os";
import { dirname } from "node:path";
import type { Manifest } from "@nightbeam/run";
import { withRequired } from "@nightbeam/service";
import { clock, facts, progressBar, whole } from "@nightbeam/service/terminal";
import { DRAFT_FORMS } from "@nightbeam/settings";
import { Command } from "commander";
import { candidateFacts } from "../recommend/candidate-facts.js";
import { withLists } from "../recommend/list-options.js";
import { recommendOptions, recommendSchema } from "../recommend/options.js";
import { type ProgressCounts, recommend } from "../recommend/recommend.js";

/** `nightbeam recommend` */
export function recommendCommand(): Command {
  const command = new Command("recommend")
    .description(
      "write every user's best items, exactly as the target's own beam search finds them, or draws from it",
    )
    .option("--target <dir>", "the large model: a Hugging Face checkpoint with nightbeam.json")
    .option("--draft <name...>", `what guesses ahead: ${DRAFT_FORMS}`)
    .option(
      "--catalogue <file>",
      "items and their codes: LC-Rec JSON, Parquet, CSV, JSONL or prepared",
    )
    .option("--histories <file>", "users and their items: JSONL, Parquet, CSV, or events")
    .option("--out <dir>", "where the lists go; an interrupted run there is continued");
  return withRequired(
    withLists(command)
      .option(
        "--candidates <file-or-run>",
        "items that others propose, new ones too: those that the target likes enter the lists, its own search fills them up",
      )
      .option(
        "--accept-above <nats>",
        "how the target must like them: log-likelihood of the item's whole path, such as -9",
      )
      .option(
        "--part-size <n>",
        "users of an output file, and of a step that is never repeated (default 4096)",
      )
      .option(
        "--workers <n>",
        "worker threads, with a copy of the model each (default: one a core)",
      )
      .option(
        "--prompt-cache <GiB>",
        "memory a worker keeps prompts in between calls; 0: none (default 1)",
      )
      .option(
        "--teacher-log <dir>",
        "write there what the target computed for a sample of users, to train a draft on; parts done before are not logged again",
      )
      .option("--teacher-sample <share>", "of the users, above 0 and up to 1 (default 0.05)")
      .option("--config <file>", "JSON with the same keys in camelCase; flags win")
      .action(async (flags: Record<string, unknown>) => run(flags)),
    recommendSchema,
  );
}

async function run(flags: Record<string, unknown>): Promise<void> {
  const options = await recommendOptions(flags);
  const bar = progressBar(process.stderr);
  const say = (line: string) => process.stderr.write(`${line}\n`);
  const abort = new AbortController();
  const interrupt = (signal: NodeJS.Signals) => {
    bar.finish();
    say("Stopping once the calls under way are done; a second time stops at once.");
    abort.abort(new Interrupted(signal));
  };
  for (const signal of SIGNALS) process.once(signal, interrupt);
  try {
    const { manifest, alreadyDone } = await recommend(options, {
      say,
      progress: (counts) => {
        if (!abort.signal.aborted) bar.update({ ...counts, note: callsNote(counts) });
      },
      signal: abort.signal,
    });
    bar.finish();
    if (alreadyDone)
      process.stdout.write("This run is complete already; nothing was left to do.\n\n");
    process.stdout.write(`${summary(manifest, options.out)}\n`);
  } catch (error) {
    bar.finish();
    if (!(error instanceof Interrupted)) throw error;
    say("Interrupted. Parts that were done are kept; the same command continues.");
    process.exitCode = 128 + constants.signals[error.signal];
  } finally {
    for (const signal of SIGNALS) process.removeListener(signal, interrupt);
  }
}

const SIGNALS = ["SIGINT", "SIGTERM"] as const;

class Interrupted extends Error {
  override readonly name = "Interrupted";
  readonly signal: NodeJS.Signals;

  constructor(signal: NodeJS.Signals) {
    super(`interrupted by ${signal}`);
    this.signal = signal;
  }
}

function callsNote({ searches, calls }: ProgressCounts): string {
  return searches === 0 ? "" : `${(calls / searches).toFixed(2)} calls/user`;
}

function summary(manifest: Manifest, out: string): string {
  const { users, rejected, stats, parts } = manifest;
  const figure = (name: string, digits: number) => (stats[name] ?? 0).toFixed(digits);
  const rejections = rejected === 0 ? "" : ` (${whole(rejected)} set aside: ${out}/rejected.jsonl)`;
  return facts([
    ["users", `${whole(users)}${rejections}`],
    ["target calls", `${figure("callsPerUser", 2)} a user`],
    ["nodes", `${figure("nodesPerUser", 1)} a user`],
    ["time", `${clock(stats.wallSeconds ?? 0)}, ${figure("usersPerSecond", 1)} users/s`],
    [
      "lists",
      `${out}/manifest.json names ${parts.length} part ${parts.length === 1 ? "file" : "files"}`,
    ],
    ...candidateFacts(manifest),
    ...teacherFact(manifest),
  ]);
}

/** Where options changed between attempts, directories can be several. */
function teacherFact({ stats, parts }: Manifest): [name: string, value: string][] {
  const { teacherExamples } = stats;
  if (teacherExamples === undefined) return [];
  const files = parts.flatMap(({ teacherLog }) => teacherLog ?? []);
  const places = [...new Set(files.map((file) => dirname(file)))];
  const where = places.length === 0 ? "" : ` in ${places.join(", ")}`;
  return [["teacher log", `${whole(teacherExamples)} prompts${where}`]];
}
