import type { Catalogue } from "@nightbeam/catalogue";
import type { HistoryRow } from "@nightbeam/dataset";
import {
  type BatchDecoder,
  type DraftPolicy,
  fixedWidths,
  speculativeDecoder,
} from "@nightbeam/decoding";
import { answersHash, openPrompts, type Prompts } from "@nightbeam/model";
import { VerifierClient, type VerifierDirectory } from "@nightbeam/protocol";
import {
  batchesAtOnce,
  draftPolicy,
  type OpenDrafts,
  openDrafts,
  type Reading,
  userReader,
} from "@nightbeam/recommend";
import type { RunStats } from "@nightbeam/run";
import type { Log } from "@nightbeam/service/log";
import { dependsOnDraft, verificationOf } from "@nightbeam/settings";
import type { ThreadSetup } from "../thread/messages.js";
import { checkVersion } from "./check-versions.js";
import { draftPlaces } from "./lanes.js";
import { historiesOf, type OpenRun, openPlannedRun, type PlannedRun } from "./open-planned-run.js";
import { statisticsLaps } from "./statistics-laps.js";

/** What the shards of a run have in common on this node. */
export interface RunContext {
  readonly run: OpenRun;
  /** The catalogue that is searched. */
  readonly catalogue: Catalogue;
  readonly read: (row: HistoryRow) => Reading;
  /** Numbers that no two users of this context share. */
  readonly nextKey: () => number;
  /** What the verifiers' answers cost since the last lap; see `statisticsLaps`. */
  readonly lap: () => RunStats;
  /** Returns the decoder for a shard; it calls no verifier after the signal or the deadline. */
  decoder(job: { readonly signal: AbortSignal; readonly deadline: number }): BatchDecoder;
  close(): Promise<void>;
}

export interface RunContextOptions {
  readonly location: string;
  readonly run: PlannedRun;
  readonly setup: ThreadSetup;
  readonly verifiers: VerifierDirectory;
  readonly log: Log;
}

/**
 * Opens a run's catalogue, prompts and drafts, and connects to the verifiers. The target itself is not
 * here: of it only how prompts are written is needed.
 *
 * @throws DrafterError VERSION_DIFFERS; JobsError, DatasetError, ModelError, RecommendError
 */
export async function openRunContext(options: RunContextOptions): Promise<RunContext> {
  const run = await openPlannedRun(options.run);
  const { request, catalogue, excluded } = run;
  const { excludeSeen } = request;
  const prompts = await openPrompts({ directory: request.target, catalogue });
  const policy = policyOf(run);
  const drafts = await openRunDrafts(run, { ...options, target: prompts });
  const catalogues = { known: catalogue, searched: catalogue };
  const read = userReader({ ...catalogues, ...prompts, excludeSeen, excluded });
  return contextOf(options, { run, drafts, policy, read });
}

async function openRunDrafts(
  run: OpenRun,
  options: Omit<RunContextOptions, "run"> & { target: Pick<Prompts, "encodePrompt"> },
): Promise<OpenDrafts> {
  const { location, setup, log, target } = options;
  const { catalogue } = run;
  const histories = () => historiesOf(location, run.plan);
  const { scoring, draft } = run.request;
  const { workers, promptCache, shardsAtOnce } = setup;
  const settings = { scoring, precision: "fp32", workers, promptCache } as const;
  const parts = draftPlaces({ shardsAtOnce, batchesAtOnce: batchesAtOnce(settings) });
  const catalogues = { known: catalogue, searched: catalogue };
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

/** @throws DrafterError VERSION_DIFFERS where lists depend on the draft */
function checkDrafts(
  { request, plan }: OpenRun,
  { versions, log }: { versions: OpenDrafts["draftVersions"]; log: Log },
): void {
  for (const [name, found] of Object.entries(versions)) {
    const planned = plan.versions[name];
    // Such a run has one draft.
    if (dependsOnDraft(request)) {
      checkVersion({ what: "draft", place: request.draft.join(" "), planned, found });
    } else if (planned !== undefined && planned !== found) {
      log.warn({ name, planned, found }, "a draft is not the planned one: no list depends on it");
    }
  }
}

function policyOf({ request, catalogue }: OpenRun): DraftPolicy {
  const { draft, draftWidth, beamWidth } = request;
  if (draft.length === 0) return fixedWidths([]);
  return draftPolicy(draftWidth, { beamWidth, levels: catalogue.trie.levels });
}

function contextOf(
  { setup, verifiers, log }: RunContextOptions,
  parts: { run: OpenRun; drafts: OpenDrafts; policy: DraftPolicy; read: RunContext["read"] },
): RunContext {
  const { run, drafts, policy, read } = parts;
  const { catalogue } = run;
  const { scoring, beamWidth, precision } = run.request;
  const { trie } = catalogue;
  const verification = verificationOf(run.request);
  const checkpoint = run.plan.versions.target ?? "";
  const target = answersHash({ checkpoint, precision });
  // Only relaxed lists depend on the draft.
  const draftVersions = dependsOnDraft(run.request) ? drafts.draftVersions : {};
  const versions = { ...draftVersions, target, catalogue: catalogue.hash };
  const client = new VerifierClient({
    directory: verifiers,
    trie,
    target,
    catalogue: catalogue.hash,
    scoring,
    log,
    ...(setup.tls === undefined ? {} : { tls: setup.tls }),
    limits: setup.patienceMs === undefined ? {} : { patienceMs: setup.patienceMs },
  });
  let key = 0;
  return {
    run,
    catalogue,
    read,
    nextKey: () => key++,
    lap: statisticsLaps(() => client.statistics),
    decoder: (job) =>
      speculativeDecoder({
        target: client.scorer(job),
        drafter: drafts.drafter,
        policy,
        space: { trie, scoring },
        beamWidth,
        verification,
        versions,
      }),
    close: async () => {
      await client.close();
      await drafts.close();
    },
  };
}
