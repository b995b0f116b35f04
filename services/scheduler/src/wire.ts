import type { Control } from "@nightbeam/control";
import type { JobQueues } from "@nightbeam/queue";
import type { Closers } from "@nightbeam/service/lifecycle";
import type { Log } from "@nightbeam/service/log";
import { type DataRoots, dataRoots } from "@nightbeam/store";
import { type Alarms, openAlarms } from "./alarms/alarms.js";
import { openWebhook } from "./alarms/webhook.js";
import type { Submission } from "./api/request.js";
import type { WallClock } from "./clock.js";
import { NightSchedule } from "./nights/night-schedule.js";
import { nodeLists } from "./nodes.js";
import type { SchedulerOptions } from "./options.js";
import { openRollouts, type RolloutRegistry } from "./rollouts/rollout-registry.js";
import { assertInRoots, checkNight, checkRequest, checkRollout } from "./runs/check-request.js";
import { withLease } from "./runs/lease.js";
import type { LiveVerifiers } from "./runs/live-verifiers.js";
import { planRecord } from "./runs/plan-record.js";
import { openPlanner, type Planner, type PlannerOptions } from "./runs/planner.js";
import { openReconciler, type Reconciler } from "./runs/reconciler.js";
import { type RunOutputs, runOutputs } from "./runs/run-outputs.js";
import { refusalSchema, reopeningSchema, runRecordSchema } from "./runs/run-record.js";
import { RunRegistry } from "./runs/run-registry.js";
import { openVerifierWatch } from "./runs/verifier-watch.js";
import { documents, type StateFiles } from "./state/documents.js";

export interface WireOptions {
  readonly options: SchedulerOptions;
  readonly files: StateFiles;
  readonly queues: JobQueues;
  readonly control: Control | undefined;
  readonly clock: WallClock;
  readonly log: Log;
  readonly unverifiedMs: number | undefined;
  readonly closers: Closers;
}

/** The parts of a scheduler. The reconciler has not started yet. */
export interface Parts {
  readonly runs: RunRegistry;
  readonly nights: NightSchedule;
  readonly rollouts: RolloutRegistry;
  readonly alarms: Alarms;
  readonly nodes: ReturnType<typeof nodeLists>["nodes"];
  readonly planner: Planner;
  readonly reconciler: Reconciler;
}

/** A lease lasts at most this long, so that a scheduler that dies does not block the others for longer. */
const MAX_LEASE_MS = 10_000;

/** Makes the parts of a scheduler and connects them. Opens no connection and starts no work. */
export function wire(setup: WireOptions): Parts {
  const { options, files, queues, control, clock, log, closers } = setup;
  const leaseMs = Math.min(options.lockMs, MAX_LEASE_MS);
  const roots = dataRoots(options.dataRoot);
  const outputs = runOutputs();
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
  const everyMs = options.reconcileMs;
  const reconciler = openReconciler({ queues, alarms, log, everyMs, leaseMs });
  const { verifiers } = lists;
  const plan = planWith({ queues, leaseMs, outputs, reopenings, verifiers, roots, log });
  const onEnd = reconciler.wake;
  const planner = openPlanner({ plan, refusals, alarms, clock, log, onEnd });
  const runs = new RunRegistry({
    records,
    refusals,
    reopenings,
    openOutput: outputs.open,
    rollouts,
    check: (request) => checkRequest(request, { roots }),
    planner,
    reconcile: { queues, alarms, clock },
    verifierWatch: openVerifierWatch({
      verifiers: lists.verifiers,
      alarms,
      clock,
      alarmAfterMs: setup.unverifiedMs,
    }),
    clock,
    log,
  });
  const graceMs = options.missedGraceMs;
  const check = (request: Submission) => checkNight(request, roots);
  const nights = new NightSchedule({ files, queues, runs, alarms, check, clock, log, graceMs });
  return { runs, nights, rollouts, alarms, nodes: lists.nodes, planner, reconciler };
}

function wireAlarms({ options, files, clock, log, closers }: WireOptions): Alarms {
  const url = options.alarmWebhook;
  const webhook = url === undefined ? undefined : openWebhook({ url, log });
  if (webhook !== undefined) closers.add("webhook", () => webhook.close());
  const alarms = openAlarms({ files, log, clock, send: webhook?.send });
  closers.add("alarms", () => alarms.settled());
  return alarms;
}

/** Plans a run unless another scheduler does. */
function planWith(deps: {
  readonly queues: JobQueues;
  readonly leaseMs: number;
  readonly outputs: RunOutputs;
  readonly reopenings: {
    get(runId: string): Promise<object | undefined>;
    remove(runId: string): Promise<void>;
  };
  readonly verifiers: () => LiveVerifiers;
  readonly roots: DataRoots;
  readonly log: Log;
}): PlannerOptions["plan"] {
  const { queues, leaseMs, outputs, reopenings, verifiers, roots, log } = deps;
  return (record, progress) => {
    const lease = { queues, name: `plan:${record.runId}`, lastsMs: leaseMs };
    return withLease(lease, async () => {
      // Links may have been changed since the run was submitted.
      await assertInRoots(record.request, roots);
      await planRecord(record, { ...progress, openOutput: outputs.open, verifiers, log });
      if ((await reopenings.get(record.runId)) === undefined) return;
      // The run was cancelled before it was planned, and was submitted again.
      await (await outputs.open(record.out)).reopen();
      await reopenings.remove(record.runId);
    });
  };
}
