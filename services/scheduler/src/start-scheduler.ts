import type { Control } from "@nightbeam/control";
import { checkRedis, type JobQueues, openQueues, openRedis, watchRedis } from "@nightbeam/queue";
import { type Log, reasonOf } from "@nightbeam/service/log";
import { openStore } from "@nightbeam/store";
import { openAlarms } from "./alarms/alarms.js";
import { openWebhook } from "./alarms/webhook.js";
import { type Clock, systemClock } from "./clock.js";
import { httpApp } from "./http/app.js";
import { listen } from "./http/listen.js";
import { NightSchedule } from "./nights/night-schedule.js";
import { nodeLists } from "./nodes.js";
import type { SchedulerOptions } from "./options.js";
import { repeatedly } from "./repeatedly.js";
import { openRollouts } from "./rollouts/rollout-registry.js";
import { checkNight, checkRequest, checkRollout } from "./runs/check-request.js";
import { withLease } from "./runs/lease.js";
import { planRecord } from "./runs/plan-record.js";
import { openPlanner, type Planner } from "./runs/planner.js";
import { type Reconciler, startReconciler } from "./runs/reconciler.js";
import { runOutputs } from "./runs/run-outputs.js";
import { refusalSchema, reopeningSchema, runRecordSchema } from "./runs/run-record.js";
import { RunRegistry } from "./runs/run-registry.js";
import { openVerifierWatch } from "./runs/verifier-watch.js";
import { documents } from "./state/documents.js";
import { stateFiles } from "./state/state-files.js";
import { readToken } from "./token.js";
import { schedulerWorkers } from "./workers/scheduler-workers.js";

export interface SchedulerDeps {
  readonly log: Log;
  /** Without it nodes are not known and rollouts not announced. Not closed here. */
  readonly control?: Control;
  readonly clock?: Clock;
  /** Between two looks for missed nights and lost schedules. */
  readonly watchMs?: number;
  /** How long a run may wait for a verifier before that is an alarm. */
  readonly unverifiedMs?: number;
}

export interface RunningScheduler {
  /** http://host:port */
  readonly url: string;
  /** Finishes requests and jobs under way, breaks plannings off and lets go of everything. */
  close(): Promise<void>;
}

/** What requests and jobs under way get to end. */
const GRACE_MS = 5_000;
const WATCH_MS = 60_000;
/** A scheduler that dies holds the others up for so long at most. */
const LONGEST_LEASE_MS = 10_000;

/**
 * Starts planning, reconciling and serving.
 *
 * @throws SchedulerError NO_TOKEN; UsageError BAD_OPTION; JobsError REDIS_UNREACHABLE, REDIS_UNSAFE,
 * REDIS_TOO_OLD, BAD_LOCATION
 */
export async function startScheduler(
  options: SchedulerOptions,
  deps: SchedulerDeps,
): Promise<RunningScheduler> {
  const { log } = deps;
  const token = await readToken(options);
  const redis = await openRedis({ url: options.redis, role: "producer", log });
  try {
    const { warnings } = await checkRedis(redis);
    for (const warning of warnings) log.warn({}, warning);
    const queues = openQueues({ redis, log });
    try {
      return await serveOn(queues, { options, deps, token });
    } catch (error) {
      await queues.close();
      throw error;
    }
  } catch (error) {
    redis.disconnect();
    throw error;
  }
}

async function serveOn(
  queues: JobQueues,
  given: {
    readonly options: SchedulerOptions;
    readonly deps: SchedulerDeps;
    readonly token: string;
  },
): Promise<RunningScheduler> {
  const { options, deps, token } = given;
  const { log, control, clock = systemClock, watchMs = WATCH_MS, unverifiedMs } = deps;
  const store = await openStore(options.state);
  const files = stateFiles(store);
  const leaseMs = Math.min(options.lockMs, LONGEST_LEASE_MS);
  const outs = runOutputs();
  const webhook =
    options.alarmWebhook === undefined
      ? undefined
      : openWebhook({ url: options.alarmWebhook, log });
  const alarms = openAlarms({ files, log, clock, send: webhook?.send });
  const records = documents({ files, folder: "runs", schema: runRecordSchema });
  const refusals = documents({ files, folder: "refusals", schema: refusalSchema });
  const reopenings = documents({ files, folder: "reopenings", schema: reopeningSchema });
  const rollouts = openRollouts({
    files,
    announcer: control?.rollouts,
    check: checkRollout,
    clock,
    log,
  });
  const lists = nodeLists(control);
  let reconciler: Reconciler | undefined;
  const planner: Planner = openPlanner({
    plan: async (record, progress) => {
      const lease = { queues, name: `plan:${record.runId}`, lastsMs: leaseMs };
      return withLease(lease, async () => {
        await planRecord(record, { ...progress, openOutput: outs.open });
        if ((await reopenings.get(record.runId)) === undefined) return;
        // It was cancelled before it was planned, and submitted again.
        await (await outs.open(record.out)).reopen();
        await reopenings.remove(record.runId);
      });
    },
    refusals,
    alarms,
    clock,
    log,
    onEnd: (runId) => reconciler?.wake(runId),
  });
  const runs = new RunRegistry({
    records,
    refusals,
    reopenings,
    openOutput: outs.open,
    rollouts,
    check: checkRequest,
    planner,
    reconcile: { queues, alarms, clock },
    verification: openVerifierWatch({
      verifiers: lists.verifiers,
      alarms,
      clock,
      ...(unverifiedMs === undefined ? {} : { alarmAfterMs: unverifiedMs }),
    }),
    clock,
    log,
  });
  const { missedGraceMs: graceMs } = options;
  const nights = new NightSchedule({
    files,
    queues,
    runs,
    alarms,
    check: checkNight,
    clock,
    log,
    graceMs,
  });
  const services = { runs, nights, rollouts, alarms, nodes: lists.nodes };
  const workers = await schedulerWorkers({
    options,
    prefix: queues.prefix,
    runs,
    nights,
    log,
    wake: (runId) => reconciler?.wake(runId),
  });
  const app = httpApp({ token, log, services });
  let server: Awaited<ReturnType<typeof listen>>;
  try {
    server = await listen({ app, ...options.listen });
  } catch (error) {
    await workers.close(0);
    throw error;
  }
  const watch = repeatedly(watchMs, async () => {
    try {
      await nights.watch();
      await rollouts.announceAll();
    } catch (error) {
      log.warn({ reason: reasonOf(error) }, "the nights cannot be looked after now");
    }
  });
  const { reconcileMs: everyMs } = options;
  reconciler = startReconciler({ runs, queues, alarms, log, everyMs, leaseMs });
  log.info({ url: server.url, state: files.location }, "scheduler is serving");
  let redisWatch = watchRedis({ redis: queues.redis, onStuck: () => reconnect() });
  const reconnect = () => {
    log.warn({}, "the connection to Redis is stuck; it is made anew");
    queues.redis.disconnect(true);
    redisWatch = watchRedis({ redis: queues.redis, onStuck: reconnect });
  };
  let closing: Promise<void> | undefined;
  const close = async () => {
    redisWatch.stop();
    await Promise.all([
      server.close(GRACE_MS),
      reconciler?.close(),
      planner.close(),
      workers.close(GRACE_MS),
      watch.close(),
    ]);
    await alarms.settled();
    webhook?.close();
    lists.close();
    outs.close();
    store.close();
    await queues.close();
    queues.redis.disconnect();
  };
  return {
    url: server.url,
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}
