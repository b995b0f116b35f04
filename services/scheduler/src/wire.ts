import { hostname } from "node:os";
import type { PruneBody, PruneReport, RunEstimate, Submission, Treatment } from "@nightbeam/api";
import type { Control } from "@nightbeam/control";
import type { Titles } from "@nightbeam/dataset";
import type { JobQueues } from "@nightbeam/queue";
import type { Prices } from "@nightbeam/run";
import type { Closers } from "@nightbeam/service/lifecycle";
import type { Log } from "@nightbeam/service/log";
import { dataRoots } from "@nightbeam/store";
import type { Metrics, Tracing } from "@nightbeam/telemetry";
import { type Alarms, openAlarms } from "./alarms/alarms.js";
import { openWebhook } from "./alarms/webhook.js";
import type { WallClock } from "./clock.js";
import { openDriftDesk } from "./drift/drift-desk.js";
import { estimateRun } from "./estimates/estimate-run.js";
import { observeScheduler } from "./metrics/observe-scheduler.js";
import { NightSchedule } from "./nights/night-schedule.js";
import { pruneDates } from "./nights/prune-dates.js";
import { nodeLists } from "./nodes.js";
import type { SchedulerOptions } from "./options.js";
import { type LiveFeed, liveFeed } from "./page/live-feed.js";
import { type RunInspection, runInspection } from "./page/run-inspection.js";
import { openPublicationDesk, type PublishDestination } from "./publications/publication-desk.js";
import { openRollouts, type RolloutRegistry } from "./rollouts/rollout-registry.js";
import { checkNight, checkRequest, checkRollout } from "./runs/check-request.js";
import { leasedPlanning } from "./runs/leased-planning.js";
import { partialRetries } from "./runs/partial-retries.js";
import { openPlanner, type Planner } from "./runs/planner.js";
import { pruneRuns } from "./runs/prune-runs.js";
import { openReconciler, type Reconciler } from "./runs/reconciler.js";
import { redoSchema } from "./runs/redo-run.js";
import { rowsUnderWay } from "./runs/rows-under-way.js";
import { type RunControls, runControls } from "./runs/run-control.js";
import { runOutputs } from "./runs/run-outputs.js";
import { refusalSchema, reopeningSchema, runRecordSchema } from "./runs/run-record.js";
import { RunRegistry, type RunRegistryOptions } from "./runs/run-registry.js";
import { openVerifierWatch } from "./runs/verifier-watch.js";
import { clusterAlarms } from "./runs/watch/cluster-alarms.js";
import { openRunWatch, type RunWatch } from "./runs/watch/run-watch.js";
import { documents, type StateFiles } from "./state/documents.js";

export interface WireOptions {
  readonly options: SchedulerOptions;
  readonly files: StateFiles;
  readonly queues: JobQueues;
  readonly control: Control | undefined;
  /** What items are called, for people. */
  readonly titles: Titles | undefined;
  /** The time of day by which everything happens. */
  readonly clock: WallClock;
  /** The clock of this machine. */
  readonly localClock: WallClock;
  /** Called with Redis' time now and then. */
  readonly onRedisTime: (now: number) => void;
  readonly metrics: Metrics;
  readonly tracing: Tracing;
  readonly log: Log;
  readonly unverifiedMs: number | undefined;
  /** Pause before a partial run is tried again for the nth time. */
  readonly retryPauseMs: ((retry: number) => number) | undefined;
  /** How long Redis or a store must fail before an alarm is raised. */
  readonly graceMs: number | undefined;
  /** Instead of the option, in milliseconds. */
  readonly stalledAfterMs: number | undefined;
  readonly prices: Prices | undefined;
  /** Signs what the webhook is sent. */
  readonly alarmSecret: string | undefined;
  /** Where runs are published, if anywhere. */
  readonly destination: PublishDestination | undefined;
  readonly closers: Closers;
}

/** The parts of a scheduler. The reconciler has not started yet. */
export interface Parts {
  readonly runs: RunRegistry;
  readonly controls: RunControls;
  /** See `estimateRun`. */
  readonly estimate: (submission: Submission, treatment: Treatment) => Promise<RunEstimate>;
  /** See `pruneRuns`. */
  readonly prune: (body: PruneBody) => Promise<PruneReport>;
  readonly nights: NightSchedule;
  readonly rollouts: RolloutRegistry;
  readonly alarms: Alarms;
  readonly nodes: ReturnType<typeof nodeLists>["nodes"];
  readonly drain: ReturnType<typeof nodeLists>["drain"];
  readonly inspection: RunInspection;
  readonly feed: LiveFeed;
  readonly planner: Planner;
  readonly reconciler: Reconciler;
  readonly watch: RunWatch;
}

/** A lease lasts at most this long, so that a scheduler that dies does not block the others for longer. */
const MAX_LEASE_MS = 10_000;

/** Makes the parts of a scheduler and connects them. Opens no connection and starts no work. */
export function wire(setup: WireOptions): Parts {
  const { options, files, queues, control, clock, metrics, tracing, log, closers } = setup;
  const leaseMs = Math.min(options.lockMs, MAX_LEASE_MS);
  const roots = dataRoots(options.dataRoot);
  const outputs = runOutputs({ prices: setup.prices, metrics });
  closers.add("run outputs", () => outputs.close());
  const alarms = wireAlarms(setup);
  const rollouts = openRollouts({
    files,
    announcer: control?.rollouts,
    check: (rollout) => checkRollout(rollout, roots),
    clock,
    log,
  });
  const lists = nodeLists(control);
  closers.add("lists of nodes", () => lists.close());
  const records = documents({ files, folder: "runs", schema: runRecordSchema });
  const refusals = documents({ files, folder: "refusals", schema: refusalSchema });
  const reopenings = documents({ files, folder: "reopenings", schema: reopeningSchema });
  const redos = documents({ files, folder: "redos", schema: redoSchema });
  const { verifiers } = lists;
  const plan = leasedPlanning({
    queues,
    leaseMs,
    outputs,
    reopenings,
    verifiers,
    roots,
    tracing,
    log,
  });
  const onEnd = (runId: string) => reconciler.wake(runId);
  const maxIdleMs = options.planningIdle * 60_000;
  const planner = openPlanner({ plan, refusals, alarms, clock, log, onEnd, maxIdleMs });
  const raiseForCluster = clusterAlarms({
    ...{ alarms, clock: setup.localClock, host: hostname(), redisGraceMs: setup.graceMs },
  });
  const watch = openRunWatch({
    queues,
    alarms,
    verifierWatch: openVerifierWatch({ verifiers, alarms, alarmAfterMs: setup.unverifiedMs }),
    planner,
    clock,
    log,
    drafters: lists.drafters,
    rowsUnderWay: (view) => rowsUnderWay(queues, view),
    onFacts: (facts) => {
      const { redis } = facts;
      if (redis.state === "ok") setup.onRedisTime(redis.now);
      if (redis.state === "refuses") metrics.add("nightbeam.redis.errors", 1, { kind: "refused" });
      raiseForCluster(facts);
    },
    stalledAfterMs: setup.stalledAfterMs ?? options.stalledAfter * 60_000,
  });
  const reconciler = openReconciler({
    ...{ queues, alarms, watch, metrics, log, leaseMs },
    host: hostname(),
    state: files.location,
    everyMs: options.reconcileMs,
    graceMs: setup.graceMs,
  });
  const retries = partialRetries({ clock, pauseMs: setup.retryPauseMs });
  const drift = openDriftDesk({
    ...{ files, queues, leaseMs, clock, log },
    openOutput: outputs.open,
    runs: () => runs.list(),
    onKnown: (runId) => runs.refresh(runId),
  });
  closers.add("comparison of nights", () => drift.close());
  const publications = openPublicationDesk({
    ...{ files, queues, leaseMs, clock, log, alarms },
    destination: setup.destination,
    onKnown: (runId) => runs.refresh(runId),
  });
  closers.add("publications", () => publications.close());
  const about: RunRegistryOptions = {
    records,
    refusals,
    reopenings,
    redos,
    drift,
    publications,
    openOutput: outputs.open,
    rollouts,
    check: (request) => checkRequest(request, { roots }),
    planner,
    tracing,
    reconcile: { queues, alarms, clock, tracing, log, retries },
    watch,
    clock,
    log,
  };
  const runs = new RunRegistry(about);
  const controls = runControls(runs, about);
  const graceMs = options.missedGraceMs;
  const check = (request: Submission) => checkNight(request, roots);
  const refuseForeignRun = async (out: string) => (await outputs.open(out)).refuseForeignRun();
  const nights = new NightSchedule({
    ...{ files, queues, runs, alarms, check, refuseForeignRun, publications },
    ...{ clock, metrics, tracing, log, graceMs },
  });
  const prune = (body: PruneBody) => {
    const dates = (window: { readonly before: number; readonly isDryRun: boolean }) =>
      pruneDates({ files, runs, ...window });
    return pruneRuns(runs, body, { ...about, drift, publications, pruneDates: dates });
  };
  const inspection = runInspection({
    ...{ queues, clock, log, titles: setup.titles },
    view: (runId) => runs.view(runId),
  });
  const { nodes } = lists;
  const { shardMap } = inspection;
  const feed = liveFeed({ runs, alarms, nodes, nights, shardMap, log });
  const estimate: Parts["estimate"] = (submission, treatment) =>
    estimateRun(submission, treatment, {
      ...{ rollouts, records, lists, clock },
      check: about.check,
      runs: () => runs.list(),
    });
  observeScheduler({
    ...{ metrics, queues, runs, alarms, clock },
    nodes: lists.nodes,
    maxAgeMs: options.reconcileMs,
  });
  return {
    runs,
    estimate,
    prune,
    inspection,
    feed,
    controls,
    nights,
    rollouts,
    alarms,
    nodes,
    drain: lists.drain,
    planner,
    reconciler,
    watch,
  };
}

function wireAlarms(setup: WireOptions): Alarms {
  const { options, files, clock, log, closers, alarmSecret } = setup;
  const url = options.alarmWebhook;
  const webhook =
    url === undefined ? undefined : openWebhook({ url, secret: alarmSecret, clock, log });
  if (webhook !== undefined) closers.add("webhook", () => webhook.close());
  const alarms = openAlarms({ files, log, clock, outbox: webhook });
  closers.add("alarms", () => alarms.settled());
  return alarms;
}
