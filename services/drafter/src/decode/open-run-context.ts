import type { Catalogue } from "@nightbeam/catalogue";
import type { HistoryRow } from "@nightbeam/dataset";
import type { BatchDecoder } from "@nightbeam/decoding";
import { answersHash, openPrompts, type Prompts } from "@nightbeam/model";
import {
  type JobAnswers,
  type TrustBook,
  VerifierClient,
  type VerifierDirectory,
} from "@nightbeam/protocol";
import {
  type AcceptingOptions,
  batchesAtOnce,
  describeChoice,
  type ItemWeights,
  type ListQuestions,
  levelsOf,
  listDecoders,
  listQuestions,
  type OpenDrafts,
  openDrafts,
  openUserGroups,
  policyOf,
  programOfPlan,
  type Reading,
  readItemWeights,
  userReader,
  type WatchedPolicy,
  watchedPolicy,
} from "@nightbeam/recommend";
import type { RunStats } from "@nightbeam/run";
import type { Log } from "@nightbeam/service/log";
import { dependsOnDraft } from "@nightbeam/settings";
import type { Recorder, Tracing } from "@nightbeam/telemetry";
import { auditTolerance } from "../answers/audit-tolerance.js";
import type { ThreadSetup } from "../thread/messages.js";
import { checkVersion } from "./check-versions.js";

import { tracedDrafter } from "./measured-decoder.js";
import { historiesOf, type OpenRun, openPlannedRun, type PlannedRun } from "./open-planned-run.js";
import { openReusedRun, type ReusedRun } from "./reused-run.js";
import { statisticsLaps } from "./statistics-laps.js";

/** What the shards of a run share on this node. */
export interface RunContext {
  readonly run: OpenRun;
  /** The catalogue that is searched. */
  readonly catalogue: Catalogue;
  readonly read: (row: HistoryRow) => Reading;
  /** Which items of a code path come first; undefined for the order by id. */
  readonly itemWeights: ItemWeights | undefined;
  /** What identifies users' questions; undefined if lists depend on more. */
  readonly questions: ListQuestions | undefined;
  /** The run that lists are taken from. */
  readonly reuse: ReusedRun | undefined;
  /** Returns a new number for each user of this context. */
  readonly nextKey: () => number;
  /** The cost of the verifiers' answers since the last call; see `statisticsLaps`. */
  readonly lap: () => RunStats;
  /** Returns the draft widths that most users had since the last call. */
  readonly draftWidths: () => readonly number[] | undefined;
  /** Waits until a verifier takes calls of this run. @throws ProtocolError NO_VERIFIER; the signal's reason */
  ready(signal: AbortSignal): Promise<void>;
  /** Makes a decoder for one shard. It calls no verifier after the signal or the deadline. */
  decoder(job: {
    readonly signal: AbortSignal;
    readonly deadline: number;
    readonly answers: JobAnswers;
    /** How proposed items enter the shard's lists; see `acceptingOf`. */
    readonly accepting: AcceptingOptions | undefined;
  }): BatchDecoder;
  /** Counts and audits the answers that a shard gets. */
  answers(): JobAnswers;
  close(): Promise<void>;
}

export interface RunContextOptions {
  readonly location: string;
  readonly run: PlannedRun;
  readonly setup: ThreadSetup;
  readonly verifiers: VerifierDirectory;
  /** Which of them are not believed, in any run. */
  readonly trust: TrustBook;
  readonly recorder: Recorder;
  readonly tracing: Tracing;
  readonly log: Log;
}

/** More batches per shard than this only wait in the queues of the verifiers. */
export const MAX_BATCHES_IN_FLIGHT = 16;

/** A shard is put back after this if no verifier takes calls; nothing is lost yet. */
const READY_MS = 5_000;

const MIN_BATCHES_IN_FLIGHT = 3;
/** In addition to the batches at the verifiers: one that is drafted, and one that is searched. */
const OWN_BATCHES = 2;

/**
 * The number of batches per shard in progress, so that neither this node nor a verifier waits for the other.
 * A drafter has `shardsAtOnce` times as many in total.
 */
export function batchesInFlight(
  { batchesInFlight: chosen }: Pick<ThreadSetup, "batchesInFlight">,
  verifiers: number,
): number {
  const useful = Math.max(MIN_BATCHES_IN_FLIGHT, OWN_BATCHES + verifiers);
  return Math.min(MAX_BATCHES_IN_FLIGHT, chosen ?? useful);
}

/**
 * Opens a run's catalogue, prompts and drafts, and connects to the verifiers. The target is not loaded: only
 * its prompt format is needed.
 *
 * @throws DrafterError VERSION_DIFFERS; StoreError, DatasetError, ModelError, RecommendError
 */
export async function openRunContext(options: RunContextOptions): Promise<RunContext> {
  const run = await openPlannedRun(options.run);
  const { request, catalogue, searched, excluded } = run;
  const { excludeSeen, unknownItems } = request;
  const prompts = await openPrompts({ directory: request.target, catalogue });
  const watched = watchedPolicy(policyOf(request, levelsOf(searched)));
  const itemWeights = await readItemWeights({
    itemOrder: request.itemOrder,
    catalogue,
    histories: () => historiesOf(options.location, run.plan),
  });
  const drafts = await openRunDrafts(run, { ...options, target: prompts });
  const catalogues = { historyCatalogue: catalogue, searched };
  const { allowLists, userGroups } = request;
  const groups = await openUserGroups({ allowLists, userGroups, catalogue: searched, excluded });
  const read = userReader({
    ...catalogues,
    ...prompts,
    excludeSeen,
    unknownItems,
    excluded,
    groups,
  });
  const reuse = await openReusedRun(options.location, run);
  return contextOf(options, { run, drafts, watched, read, itemWeights, reuse });
}

async function openRunDrafts(
  run: OpenRun,
  options: Omit<RunContextOptions, "run"> & { target: Pick<Prompts, "encodePrompt"> },
): Promise<OpenDrafts> {
  const { location, setup, log, target } = options;
  const { catalogue, searched } = run;
  const histories = () => historiesOf(location, run.plan);
  const { scoring } = run.request;
  const draft = programOfPlan(run.plan) === "beam-search" ? [] : run.request.draft;
  const { workers, promptCache, shardsAtOnce } = setup;
  const settings = { scoring, precision: "fp32", workers, promptCache } as const;
  // A draft must never refuse a call. Its queue is measured in parts of `batchesAtOnce` batches. Twice the
  // number of batches, because stopped shards may still finish a call when the next ones start.
  const maxBatches = 2 * shardsAtOnce * MAX_BATCHES_IN_FLIGHT;
  const parts = Math.ceil(maxBatches / batchesAtOnce(settings));
  const catalogues = { historyCatalogue: catalogue, searched };
  const context = { ...catalogues, histories, target, parts, settings };
  const drafts = await openDrafts(draft, context);
  try {
    checkDrafts(run, { versions: drafts.draftVersions, log });
    return drafts;
  } catch (error) {
    await drafts.close();
    throw error;
  }
}

/** @throws DrafterError VERSION_DIFFERS if lists depend on the draft */
function checkDrafts(
  { request, plan }: OpenRun,
  { versions, log }: { versions: OpenDrafts["draftVersions"]; log: Log },
): void {
  for (const [name, found] of Object.entries(versions)) {
    const planned = plan.versions[name];
    // Lists can depend on the draft only if there is exactly one.
    if (dependsOnDraft(request)) {
      checkVersion({ what: "draft", place: request.draft.join(" "), planned, found });
    } else if (planned !== undefined && planned !== found) {
      log.warn(
        { name, planned, found },
        "a draft differs from the planned one; no list depends on it",
      );
    }
  }
}

function contextOf(
  { setup, verifiers, trust, recorder, tracing, log }: RunContextOptions,
  parts: Pick<RunContext, "run" | "read" | "itemWeights" | "reuse"> & {
    drafts: OpenDrafts;
    watched: WatchedPolicy;
  },
): RunContext {
  const { run, drafts, watched, read, itemWeights, reuse } = parts;
  const { policy } = watched;
  const { searched: catalogue } = run;
  const { scoring, precision, device = "cpu" } = run.request;
  const checkpoint = run.plan.versions.target ?? "";
  const program = programOfPlan(run.plan);
  logProgram(run, log);
  const drafter = tracedDrafter(drafts.drafter, tracing);
  const decoderFor = listDecoders(run.request, {
    ...{ catalogue, checkpoint, policy },
    drafts: { ...drafts, drafter },
  });
  const client = new VerifierClient({
    directory: verifiers,
    trie: catalogue.trie,
    target: answersHash({ checkpoint, precision, device }),
    catalogue: catalogue.hash,
    scoring,
    program,
    log,
    trust,
    recorder,
    tracing,
    audits: { rate: setup.auditRate, tolerance: auditTolerance({ precision, device }) },
    ...(setup.tls === undefined ? {} : { tls: setup.tls }),
    limits: setup.patienceMs === undefined ? {} : { patienceMs: setup.patienceMs },
  });
  let key = 0;
  return {
    run,
    catalogue,
    read,
    itemWeights,
    questions: listQuestions(run.request, {
      ...{ catalogue, checkpoint, program, hasCandidates: run.request.candidates !== undefined },
      hasGroups: run.request.allowLists !== undefined,
    }),
    reuse,
    nextKey: () => key++,
    lap: statisticsLaps(() => client.statistics),
    draftWidths: () => watched.lap(),
    answers: () => client.answers(),
    ready: (signal) =>
      client.ready({ signal, withinMs: Math.min(READY_MS, setup.patienceMs ?? READY_MS) }),
    decoder: (job) =>
      decoderFor(
        program === "tree-scores"
          ? { program, scorer: client.scorer(job) }
          : { program, searcher: client.searcher(job) },
        job.accepting,
      ),
    close: async () => {
      await client.close();
      await drafts.close();
    },
  };
}

/** Logs what the run's target is run for, and a draft that is not used. Tree calls are not worth a line. */
function logProgram({ plan, request }: OpenRun, log: Log): void {
  const program = programOfPlan(plan);
  if (program === "tree-scores") return;
  const reason = String(plan.arguments.searchReason ?? "");
  log.info({ program, reason }, describeChoice({ program, reason }, request.draft));
}
