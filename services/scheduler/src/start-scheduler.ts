import type { Control } from "@nightbeam/control";
import { readTitles } from "@nightbeam/dataset";
import {
  checkRedis,
  type JobQueues,
  openQueues,
  openRedis,
  redisNow,
  redisPrefix,
  watchRedis,
} from "@nightbeam/queue";
import { readTls, readVersion, type TlsBytes } from "@nightbeam/service";
import { listen } from "@nightbeam/service/http";
import { type Closers, loggedClosers, openWith } from "@nightbeam/service/lifecycle";
import { type Log, reasonOf } from "@nightbeam/service/log";
import { openStore } from "@nightbeam/store";
import { exportMetrics, measuredStore, openTracing, type Recorder } from "@nightbeam/telemetry";
import { openSessions } from "./access/sessions.js";
import { openTokens } from "./access/tokens.js";
import { checkAlarmSecret } from "./alarms/alarm-secret.js";
import { ledClock, systemWallClock, type WallClock } from "./clock.js";
import { httpApp } from "./http/app.js";
import type { SchedulerOptions } from "./options.js";
import { readPage } from "./page/page-routes.js";
import { readPrices } from "./prices.js";
import { publishDestination } from "./publications/publication-desk.js";
import { readiness } from "./readiness.js";
import { stateFiles } from "./state/state-files.js";
import { type Parts, wire } from "./wire.js";
import { schedulerWorkers } from "./workers/scheduler-workers.js";

export interface SchedulerDeps {
  readonly log: Log;
  /** Finds nodes and announces rollouts. Not closed here. */
  readonly control?: Control;
  readonly clock?: WallClock;
  /** Interval between checks for missed nights and lost schedules. */
  readonly watchMs?: number;
  /** How long a run may wait for a verifier before an alarm is raised. */
  readonly unverifiedMs?: number;
  /** How long Redis or a store must fail before an alarm is raised. */
  readonly graceMs?: number;
  /** Instead of `--stalled-after`, in milliseconds. */
  readonly stalledAfterMs?: number;
  /** Pause before a partial run is tried again for the nth time, from 1. */
  readonly retryPauseMs?: (retry: number) => number;
}

export interface RunningScheduler {
  /** http://host:port */
  readonly url: string;
  /** Finishes requests and jobs in progress, cancels planning, and closes everything. */
  close(): Promise<void>;
}

/** How long requests and jobs in progress may take to finish. */
const GRACE_MS = 5_000;
const WATCH_MS = 60_000;
/** Old runs are removed once a day. */
const PRUNE_MS = 24 * 3_600_000;

/**
 * Starts planning, reconciling and serving.
 *
 * @throws SchedulerError NO_TOKEN; UsageError BAD_OPTION; StoreError BAD_LOCATION; QueueError REDIS_UNREACHABLE,
 * REDIS_UNSAFE, REDIS_TOO_OLD
 */
export async function startScheduler(
  options: SchedulerOptions,
  deps: SchedulerDeps,
): Promise<RunningScheduler> {
  const { log, control, watchMs = WATCH_MS } = deps;
  const localClock = deps.clock ?? systemWallClock;
  const { unverifiedMs, graceMs, stalledAfterMs, retryPauseMs } = deps;
  const tokens = await openTokens({ ...options, log });
  const tls = await readTls(options, log);
  const alarmSecret = checkAlarmSecret(options);
  const prices = await readPrices(options.prices);
  const titles = options.titles === undefined ? undefined : await readTitles(options.titles);
  return openWith(loggedClosers(log), async (closers) => {
    const { metricsListen } = options;
    const version = await readVersion(new URL("../package.json", import.meta.url));
    const metrics = await exportMetrics({
      service: "scheduler",
      ...{ version, metricsListen, log, closers },
    });
    const tracing = await openTracing({ service: "scheduler", version, log, closers });
    const queues = await connect(options, { tls, metrics, log, closers });
    const store = measuredStore(await openStore(options.state), metrics);
    closers.add("state store", () => store.close());
    const files = stateFiles(store);
    const redisClock = ledClock(localClock);
    await redisNow(queues.redis).then(redisClock.learn, () => undefined);
    // A test that gives a clock means it.
    const clock = deps.clock ?? redisClock;
    const onRedisTime = redisClock.learn;
    const setup = { options, files, queues, control, metrics, tracing, log, closers };
    const clocks = { clock, localClock, onRedisTime };
    const times = { unverifiedMs, graceMs, stalledAfterMs, retryPauseMs };
    const destination = publishDestination(options, tls);
    const about = { alarmSecret, prices, titles, destination };
    const parts = wire({ ...setup, ...clocks, ...times, ...about });
    // What takes work is closed at the same time, so that one grace period is enough for all.
    const active = closers.parallel("active parts");
    active.add("planner", () => parts.planner.close());
    active.add("reconciler", () => parts.reconciler.close());
    const { prefix } = queues;
    const { runs, nights } = parts;
    const onFinished = parts.reconciler.wake;
    await schedulerWorkers({
      options,
      tls,
      prefix,
      runs,
      nights,
      log,
      onFinished,
      closers: active,
    });
    const ready = readiness({ files, queues, control });
    const access = { tokens, sessions: openSessions({ tokens }) };
    const app = httpApp({
      access,
      namespace: options.namespace,
      page: await readPage(),
      tracing,
      log,
      services: { ...parts, readiness: ready },
      queuesPage: await pageOf(options, queues),
    });
    active.add("live feed", async () => parts.feed.close());
    const server = await listen({ service: "scheduler", app, tls, ...options.listen });
    active.add("HTTP server", () => server.close(GRACE_MS));
    const watch = repeatedly(watchMs, () => watchState(parts, log));
    active.add("watch of nights", () => watch.close());
    parts.reconciler.start(runs);
    const check = repeatedly(options.reconcileMs, () => checkRuns(parts, log));
    active.add("watch of runs", () => check.close());
    const { keepRuns } = options;
    if (keepRuns !== undefined) {
      const prune = repeatedly(PRUNE_MS, () => pruneDaily(parts, keepRuns, log));
      active.add("removal of old runs", () => prune.close());
    }
    log.info({ url: server.url, state: files.location }, "scheduler is serving");
    return { url: server.url, close: () => closers.close() };
  });
}

async function pageOf({ queuesPage }: SchedulerOptions, queues: JobQueues) {
  if (queuesPage === "off") return undefined;
  const page = await import("./http/queues-page.js");
  return page.queuesPage(queues);
}

async function pruneDaily({ prune }: Parts, keep: string, log: Log): Promise<void> {
  try {
    await prune({ keep });
  } catch (error) {
    log.warn({ reason: reasonOf(error) }, "cannot remove old runs; retrying tomorrow");
  }
}

/** Connects to Redis, and reconnects for as long as the closers are open. */
async function connect(
  { redis: url, namespace }: Pick<SchedulerOptions, "redis" | "namespace">,
  {
    tls,
    metrics,
    log,
    closers,
  }: {
    readonly tls: TlsBytes | undefined;
    readonly metrics: Recorder;
    readonly log: Log;
    readonly closers: Closers;
  },
): Promise<JobQueues> {
  const redis = await openRedis({ url, tls, role: "producer", log });
  redis.on("error", () => metrics.add("nightbeam.redis.errors", 1, { kind: "connection" }));
  closers.add("Redis connection", () => redis.disconnect());
  const prefix = redisPrefix(namespace);
  for (const warning of (await checkRedis(redis, prefix)).warnings) log.warn({}, warning);
  const queues = openQueues({ redis, prefix, log });
  closers.add("queues", () => queues.close());
  let watch = watchRedis({ redis, onStuck: () => reconnect() });
  const reconnect = () => {
    log.warn({}, "the Redis connection is stuck; reconnecting");
    redis.disconnect(true);
    watch = watchRedis({ redis, onStuck: reconnect });
  };
  closers.add("watch of Redis", () => watch.stop());
  return queues;
}

async function watchState({ nights, rollouts }: Parts, log: Log): Promise<void> {
  try {
    await nights.watch();
    await rollouts.announceAll();
  } catch (error) {
    log.warn({ reason: reasonOf(error) }, "could not check the nights; retrying");
  }
}

async function checkRuns({ watch }: Parts, log: Log): Promise<void> {
  try {
    await watch.check();
  } catch (error) {
    log.warn({ reason: reasonOf(error) }, "could not check the runs; retrying");
  }
}

/** Does the work now and then `everyMs` after each end. `close` waits for the work in progress. */
function repeatedly(everyMs: number, work: () => Promise<void>): { close(): Promise<void> } {
  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  const round = () => {
    running = work().then(() => {
      if (!closed) timer = setTimeout(round, everyMs);
    });
  };
  round();
  return {
    close: async () => {
      closed = true;
      clearTimeout(timer);
      await running;
    },
  };
}
