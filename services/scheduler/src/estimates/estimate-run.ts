import type { RunEstimate, RunStatus, Submission, Treatment } from "@nightbeam/api";
import { openCatalogue } from "@nightbeam/dataset";
import { estimatedMsPerUser, openRunHistories, programFor } from "@nightbeam/recommend";
import { runIdOf } from "@nightbeam/run";
import { reusedRun } from "@nightbeam/settings";
import { isoTime, type WallClock } from "../clock.js";
import { SchedulerError } from "../errors.js";
import type { nodeLists } from "../nodes.js";
import type { RolloutRegistry } from "../rollouts/rollout-registry.js";
import { type LiveVerifiers, programsHolding } from "../runs/live-verifiers.js";
import type { RunRecord } from "../runs/run-record.js";
import { timesOfSubmission } from "../runs/run-times.js";
import type { Documents } from "../state/documents.js";
import { computedUsers, estimate } from "./estimate.js";

export interface EstimateOptions {
  readonly rollouts: Pick<RolloutRegistry, "resolve">;
  /** Checks the paths of a request. */
  readonly check: (request: Submission) => Promise<void>;
  readonly records: Pick<Documents<RunRecord>, "get">;
  /** All runs, the latest first. */
  readonly runs: () => Promise<readonly RunStatus[]>;
  readonly lists: Pick<ReturnType<typeof nodeLists>, "nodes" | "verifiers">;
  readonly clock: WallClock;
}

/** A run that is alike says more than costs. */
const NOT_NEEDED = { msPerUser: undefined, plainCalls: 0 };

/** Rows are counted for at most this long. */
const COUNT_MS = 45_000;

/**
 * Estimates what a run would take, and submits nothing: checks the request as a submission would be, counts the rows, and
 * scales the latest complete run with the same models and settings. Without one, it takes the costs that verifiers measured.
 *
 * @throws SchedulerError BAD_REQUEST, UNREADABLE_INPUT, TOO_SLOW, …; DatasetError, ModelError, CatalogueError
 */
export async function estimateRun(
  submission: Submission,
  treatment: Treatment,
  options: EstimateOptions,
): Promise<RunEstimate> {
  const { records, rollouts, check, runs, lists, clock } = options;
  const now = clock.now();
  const { dueAt } = timesOfSubmission(treatment, now);
  const request = await rollouts.resolve(submission);
  await check(request);
  const rows = await countRows(request);
  const statuses = await runs();
  const existing = statuses.find(({ id }) => id === runIdOf(request.out));
  const like = await latestLike(request, statuses, records);
  const { connected, drafters, verifiers } = lists.nodes();
  const taking = (nodes: typeof drafters) => nodes.filter(({ draining }) => !draining).length;
  const made = estimate({
    rows,
    partSize: request.partSize,
    nodes: connected ? { drafters: taking(drafters), verifiers: taking(verifiers) } : undefined,
    like,
    reuses: reusedRun(request) !== undefined,
    proposes: request.candidates !== undefined,
    ...(like === undefined ? await measured(request, lists.verifiers()) : NOT_NEEDED),
  });
  return {
    ...made,
    ...(existing === undefined ? {} : { existing: { id: existing.id, state: existing.state } }),
    ...(dueAt === undefined ? {} : { dueAt }),
    ...(made.seconds === undefined ? {} : { expectedAt: isoTime(now + made.seconds * 1_000) }),
  };
}

async function countRows(request: Submission): Promise<number> {
  const signal = AbortSignal.timeout(COUNT_MS);
  try {
    const histories = await openRunHistories(request, signal);
    try {
      return await histories.count();
    } finally {
      await histories.close();
    }
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new SchedulerError(
      "TOO_SLOW",
      `The rows of \`histories\` could not be counted in ${COUNT_MS / 1_000} s. Estimate with \`limit\`, and scale.`,
      { cause: error },
    );
  }
}

/** The settings by which two runs cost the same per user. Candidates are in other files every night. */
const COSTING = [
  ...["target", "catalogue", "draft", "draftWidth", "scoring", "precision", "device"],
  ...["topK", "beamWidth", "verification", "search"],
  ...["acceptAbove", "acceptNewAbove", "candidatesPerLevel"],
] as const;

async function latestLike(
  request: Submission,
  statuses: readonly RunStatus[],
  records: EstimateOptions["records"],
): Promise<RunStatus | undefined> {
  const wanted = costing(request);
  for (const status of statuses) {
    if (status.state !== "complete" || computedUsers(status) === 0) continue;
    const record = await records.get(status.id);
    if (record !== undefined && costing(record.request) === wanted) return status;
  }
  return undefined;
}

function costing(request: Submission): string {
  const settings = new Map<string, unknown>(Object.entries(request));
  return JSON.stringify(COSTING.map((key) => settings.get(key) ?? null));
}

/** What the verifiers with this catalogue would need. Whether they hold the target is not checked: hashing it takes long. */
async function measured(
  request: Submission,
  live: LiveVerifiers,
): Promise<{ readonly msPerUser: number | undefined; readonly plainCalls: number }> {
  const { hash: catalogue, trie } = await openCatalogue(request.catalogue);
  const { scoring } = request;
  const programs = programsHolding(live, { catalogue, scoring });
  const options = { settings: request, programs, trie };
  const { program } = programFor(options, undefined);
  return {
    msPerUser: estimatedMsPerUser(program, options),
    plainCalls: program === "tree-scores" ? trie.levels : 1,
  };
}
