import { constants } from "node:os";
import { join } from "node:path";
import { readLines } from "@nightbeam/dataset";
import {
  describeChoice,
  type ProgressCounts,
  type RecommendEvent,
  recommendRun,
} from "@nightbeam/recommend";
import { REJECTED_FILE } from "@nightbeam/run";
import { withRequired } from "@nightbeam/service";
import { printError, progressBar } from "@nightbeam/service/terminal";
import {
  DEFAULTS,
  DRAFT_FORMS,
  type RecommendSettings,
  recommendFields,
} from "@nightbeam/settings";
import { Command } from "commander";
import { withFlags } from "../options/key-flags.js";
import {
  answersHelp,
  HISTORIES_HELP,
  sampleSearchesHelp,
  withLists,
} from "../options/list-options.js";
import { printResult, withJson } from "../output.js";
import { proposedText } from "../recommend/candidate-facts.js";
import { recommendOptions } from "../recommend/options.js";
import { NO_LISTS } from "../recommend/row-facts.js";
import { runSummary } from "../recommend/run-summary.js";

/** `nightbeam recommend` */
export function recommendCommand(): Command {
  const command = new Command("recommend")
    .option("--target <dir>", "the large model: a Hugging Face checkpoint with nightbeam.json")
    .option("--draft <name...>", `what drafts: ${DRAFT_FORMS}`)
    .option(
      "--catalogue <file>",
      "items and their codes: an index in JSON, Parquet, CSV, JSON lines, info.txt, or prepared; .gz and .zst too",
    )
    .option("--histories <place...>", HISTORIES_HELP)
    .option("--out <dir>", "where the lists go; an interrupted run there is continued");
  return withRequired(
    withJson(withLists(command))
      .option(
        "--part-size <n>",
        `users per output file; a committed file is never recomputed (default ${DEFAULTS.partSize})`,
      )
      .option(
        "--device <device>",
        "where target and draft run: cpu, cuda, cuda:N for one of several GPUs, or webgpu (default cpu)",
      )
      .option(
        "--workers <n>",
        "worker threads, with a copy of the model each (default: one per core; one on a GPU)",
      )
      .option(
        "--prompt-cache <GiB>",
        `GiB per worker for prompts kept between calls; 0: none (default ${DEFAULTS.promptCache}; 0 on a GPU)`,
      )
      .option(
        "--teacher-log <dir>",
        "write what the target computed for a sample of users, to train a draft; parts that are done already are not logged",
      )
      .option(
        "--teacher-sample <share>",
        `share of the users that are logged, above 0 and up to 1 (default ${DEFAULTS.teacherSample})`,
      )
      .option(
        "--reuse <run>",
        "a complete run from which lists are taken: of users whose history, exclusions and settings are the same, while the catalogue's changes leave their list as it is",
      )
      .option("--answers <what>", answersHelp())
      .option("--sample-searches <n>", sampleSearchesHelp(DEFAULTS.sampleSearches))
      .option("--config <file>", "JSON with the same keys in camelCase; flags take precedence")
      .action(async (flags: Record<string, unknown>) => run(flags)),
    recommendFields,
  );
}

async function run(flags: Record<string, unknown>): Promise<void> {
  const { json, ...settings } = flags;
  const options = await recommendOptions(settings);
  const bar = progressBar(process.stderr);
  const say = (line: string) => printError(`${line}\n`);
  const abort = new AbortController();
  const interrupt = (signal: NodeJS.Signals) => {
    bar.finish();
    say("Stopping after the calls in progress; press again to stop at once.");
    abort.abort(new Interrupted(signal));
  };
  for (const signal of SIGNALS) process.once(signal, interrupt);
  try {
    const { manifest, alreadyDone } = await recommendRun(options, {
      onEvent: (event) => {
        if (event.kind !== "progress") return void say(eventLine(event, options));
        const { counts } = event;
        if (!abort.signal.aborted) bar.update({ ...counts, note: callsNote(counts) });
      },
      signal: abort.signal,
    });
    bar.finish();
    if (alreadyDone) say("This run is complete already; nothing was left to do.");
    printResult({ json }, { value: manifest, text: runSummary(manifest, options.out) });
    if (manifest.users === 0) {
      say(`error: the run is complete, but no user has a list${await firstRejected(options.out)}`);
      process.exitCode = NO_LISTS;
    }
  } catch (error) {
    bar.finish();
    if (!(error instanceof Interrupted)) throw error;
    say("Interrupted. Finished parts are kept; the same command continues.");
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

/** Why, by the first row that was set aside. */
async function firstRejected(out: string): Promise<string> {
  for await (const [first] of readLines({ path: join(out, REJECTED_FILE) })) {
    return `. The first row that was set aside: ${first?.bytes?.toString("utf8").slice(0, 300)}`;
  }
  return ": the histories have no rows.";
}

/** An event of a run as a line for the terminal; progress has its bar. */
function eventLine(
  event: Exclude<RecommendEvent, { kind: "progress" }>,
  { draft }: Pick<RecommendSettings, "draft">,
): string {
  switch (event.kind) {
    case "candidates":
      return `Candidates: ${proposedText(event)}.`;
    case "program":
      return withFlags(describeChoice(event, draft));
    case "note":
      return `Note: ${withFlags(event.text)}`;
    case "other-drafts":
      return "This run was begun with other drafts, or none: its manifest names those. No list changes.";
    case "continued":
      return `Continuing: ${event.done} of ${event.total} users were done before.`;
    default:
      return event satisfies never;
  }
}
