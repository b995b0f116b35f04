import type { SearchOutcome } from "@nightbeam/decoding";
import type { TrustBook, VerifierDirectory, VerifierShare } from "@nightbeam/protocol";
import {
  type AcceptingOptions,
  decodeRows,
  programOfPlan,
  shardAccepting,
} from "@nightbeam/recommend";
import {
  readShardCandidates,
  readShardInput,
  type VerifierShareRecord,
  writeAttempt,
} from "@nightbeam/run";
import { systemClock } from "@nightbeam/service";
import type { Log } from "@nightbeam/service/log";
import { DEFAULTS } from "@nightbeam/settings";
import { openStore, type ShardStore } from "@nightbeam/store";
import { measuredStore, type Recorder, type Tracing } from "@nightbeam/telemetry";
import { DrafterError } from "../errors.js";
import type { WrittenShard } from "../run-store.js";
import { waitOut } from "../shard/wait-out.js";
import { isHarmless } from "../thread/failure.js";
import type { ShardOrder, ShardProgress, ThreadSetup } from "../thread/messages.js";
import { draftKind, measuredDecoder } from "./measured-decoder.js";
import type { WorkTime } from "./node-time.js";
import { type PlannedRun, readPlannedRun } from "./open-planned-run.js";
import { batchesInFlight, openRunContext, type RunContext } from "./open-run-context.js";
import { answersOf } from "./reused-run.js";
import type { RunContexts } from "./run-contexts.js";

export interface OrderJob {
  readonly contexts: RunContexts<RunContext>;
  readonly setup: ThreadSetup;
  readonly verifiers: VerifierDirectory;
  /** Which of them are not believed, in any run. */
  readonly trust: TrustBook;
  /** The shard's share of this drafter's time. */
  readonly ownTime: WorkTime;
  readonly recorder: Recorder;
  readonly tracing: Tracing;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: ShardProgress) => void;
  /** Called when the lists are computed and the store does not take them. */
  readonly onWait: (reason: string) => void;
}

/**
 * Decodes a shard and writes an attempt, which readers ignore until it is committed.
 *
 * @throws DrafterError VERSION_DIFFERS, JOB_DIFFERS; ProtocolError, StoreError, RunError, DatasetError,
 * ModelError; the signal's reason
 */
export async function decodeOrder(order: ShardOrder, job: OrderJob): Promise<WrittenShard> {
  const { location } = order;
  const { contexts, setup, verifiers, trust, recorder, tracing, log, signal } = job;
  const store = measuredStore(await openStore(location), recorder);
  try {
    // Read for every shard: another run may have replaced the known one at this location.
    const run = await readPlannedRun(store);
    const key = JSON.stringify([location, run]);
    return await contexts.use(
      {
        key,
        open: () =>
          openRunContext({ location, run, setup, verifiers, trust, recorder, tracing, log }),
      },
      {
        work: (context) => decodeWith({ ...job, order, store, context }),
        signal,
        isHarmless: (error) => signal.aborted || isHarmless(error),
      },
    );
  } finally {
    store.close();
  }
}

async function decodeWith(
  job: OrderJob & { order: ShardOrder; store: ShardStore; context: RunContext },
): Promise<WrittenShard> {
  const { context, order, store, setup, verifiers, ownTime, signal } = job;
  const { index, attempt } = order;
  const { plan, request } = context.run;
  const rows = await readShardInput({ store, plan, index });
  signal.throwIfAborted();
  if (rows.length !== order.rows) throw jobDiffers(order, rows.length);
  const accepting = await acceptingOf(context, { store, index });
  await context.ready(signal);
  const answers = context.answers();
  const startedAt = performance.now();
  const { result } = await decodeRows(rows, {
    decoder: measuredDecoder(
      context.decoder({ signal, deadline: order.deadline, answers, accepting }),
      { ...job, draft: draftKind(request.draft) },
    ),
    catalogue: context.catalogue,
    read: context.read,
    topK: request.topK,
    itemsPerPath: request.itemsPerPath,
    itemWeights: context.itemWeights,
    batchSize: request.batchSize,
    concurrency: batchesInFlight(setup, verifiers.endpoints.length),
    nextKey: context.nextKey,
    onProgress: progressOf(job),
    searchSample: searchSampleOf(context.run),
    answers: await answersOf(context, { store, index, log: job.log }),
    signal,
  });
  signal.throwIfAborted();
  const shares = (await answers.settle()).map(recordOf);
  const busySeconds = (performance.now() - startedAt) / 1_000;
  const drafterSeconds = ownTime.end() / 1_000;
  const stats = { ...result.stats, ...context.lap(), busySeconds, drafterSeconds };
  const { scratch } = setup;
  const written = {
    ...{ ...result, index, stats },
    draftWidths: context.draftWidths(),
    verifiers: shares,
  };
  return job.tracing.within("write lists", {}, () =>
    waitOut(() => writeAttempt({ store, plan, result: written, attempt, scratch, signal }), {
      signal,
      onTrouble: job.onWait,
      clock: systemClock,
    }),
  );
}

/** How the items that others propose for a shard's users enter their lists; undefined if none are. */
async function acceptingOf(
  { run, catalogue }: Pick<RunContext, "run" | "catalogue">,
  { store, index }: { readonly store: ShardStore; readonly index: number },
): Promise<AcceptingOptions | undefined> {
  const { plan, request } = run;
  if (request.candidates === undefined) return undefined;
  const candidates = await readShardCandidates(store, { plan, index });
  return shardAccepting(request, { candidates, catalogue });
}

function searchSampleOf({ request, plan }: PlannedRun) {
  const { sampleSearches: count = DEFAULTS.clusterSampleSearches, beamWidth } = request;
  return count === 0 ? undefined : { count, beamWidth, program: programOfPlan(plan) };
}

function recordOf(answered: VerifierShare): VerifierShareRecord {
  const { nodeMs, firstAt, lastAt, auditedAt, ...share } = answered;
  const date = (at: number) => new Date(at).toISOString();
  return {
    ...share,
    seconds: nodeMs / 1_000,
    firstAt: date(firstAt),
    lastAt: date(lastAt),
    ...(auditedAt === undefined ? {} : { auditedAt: date(auditedAt) }),
  };
}

function jobDiffers({ index, location, rows }: ShardOrder, found: number): DrafterError {
  return new DrafterError(
    "JOB_DIFFERS",
    `the job of shard ${index} in ${location} has ${rows} rows, but its input has ${found}. ` +
      "The queue contains jobs of another run: submit this run again.",
  );
}

/** Adds up the progress of batches. */
function progressOf({
  onProgress,
  recorder,
}: OrderJob): (batch: { users: number; outcomes: readonly SearchOutcome[] }) => void {
  let sums: ShardProgress = { users: 0, searches: 0, calls: 0, nodes: 0 };
  return ({ users, outcomes }) => {
    sums = {
      users: sums.users + users,
      searches: sums.searches + outcomes.length,
      calls: outcomes.reduce((sum, { cost }) => sum + cost.calls, sums.calls),
      nodes: outcomes.reduce((sum, { cost }) => sum + cost.nodes, sums.nodes),
    };
    recorder.add("nightbeam.drafter.users", users);
    onProgress(sums);
  };
}
