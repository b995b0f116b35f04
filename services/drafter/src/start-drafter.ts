import { type Control, combineDirectories, staticVerifiers } from "@nightbeam/control";
import type { VerifierDirectory } from "@nightbeam/protocol";
import { type FaultKeys, redisPrefix } from "@nightbeam/queue";
import { workersNote } from "@nightbeam/recommend";
import {
  type Clock,
  readTls,
  readVersion,
  serveHealth,
  systemClock,
  type TlsBytes,
  UsageError,
} from "@nightbeam/service";
import { type Closers, loggedClosers, openWith } from "@nightbeam/service/lifecycle";
import type { Log } from "@nightbeam/service/log";
import { exportMetrics, openTracing } from "@nightbeam/telemetry";
import { VerifierFaults } from "./answers/verifier-faults.js";
import { DrafterService, type RunningDrafter } from "./drafter-service.js";
import { ShardQueue } from "./jobs/shard-queue.js";
import { checkScratch } from "./options/check-scratch.js";
import type { DrafterOptions } from "./options/options.js";
import { runStores } from "./run-store.js";
import { ShardWork } from "./shard/shard-work.js";
import { ShardPolicy } from "./standing/shard-policy.js";
import { StandingReport } from "./standing/standing-report.js";
import type { Pauses } from "./standing/trouble.js";
import { DecodeThread, type DecodeThreadOptions } from "./thread/decode-thread.js";

/** Times that only tests set. */
export interface DrafterTiming {
  /** Time limit of a shard. Default: that of the job catalogue. */
  readonly timeoutMs?: number;
  /** Delay of a shard that found no verifier. */
  readonly putOffMs?: number;
  /** How long a call waits for a verifier before its shard is put off. */
  readonly patienceMs?: number;
  /** How long the models of a run are kept for its next shard. */
  readonly idleMs?: number;
  /** How long runs with trouble are left alone. */
  readonly pauses?: Pauses;
  /** Interval between this drafter's reports to the others. */
  readonly reportMs?: number;
  /** How long a connection may be down while Redis is up before it is replaced. */
  readonly stuckMs?: number;
}

export interface DrafterDeps {
  readonly log: Log;
  /** Finds verifiers and announces the drafter. Not closed here. */
  readonly control?: Pick<Control, "announce" | "watchNodes">;
  readonly clock?: Clock;
  readonly timing?: DrafterTiming;
  /** The file of the decode thread. Default: that of this package. */
  readonly threadFile?: URL;
}

const PUT_OFF_MS = 2_000;
const IDLE_MS = 60_000;
const STUCK_MS = 5_000;

/**
 * Starts a drafter; resolves when it takes shards.
 *
 * @throws UsageError BAD_OPTION; QueueError REDIS_UNREACHABLE, REDIS_UNSAFE, REDIS_TOO_OLD;
 * ControlError BAD_ADDRESS
 * @public to run a drafter in your own process
 */
export async function startDrafter(
  options: DrafterOptions,
  deps: DrafterDeps,
): Promise<RunningDrafter> {
  if (deps.control === undefined && options.verifiers === undefined) {
    throw new UsageError(
      "BAD_OPTION",
      "no verifiers configured: pass --nats, --verifiers host:port, or both",
    );
  }
  const tls = await readTls(options, deps.log);
  if (tls !== undefined && tls.ca === undefined) {
    throw new UsageError(
      "BAD_OPTION",
      "--tls-cert without --tls-ca: name the authority that signs the verifiers' certificates",
    );
  }
  const version = await readVersion(new URL("../package.json", import.meta.url));
  return openWith(loggedClosers(deps.log), (closers) =>
    open({ options, deps, closers, tls, version }),
  );
}

interface Setup {
  readonly options: DrafterOptions;
  readonly deps: DrafterDeps;
  readonly closers: Closers;
  readonly tls: TlsBytes | undefined;
  readonly version: string;
}

async function open(setup: Setup): Promise<RunningDrafter> {
  const { options, deps, closers, version } = setup;
  const { log, control, clock = systemClock, timing = {} } = deps;
  const { name, graceMs } = options;
  let notReady: () => readonly string[] = () => ["the drafter is starting"];
  if (options.healthListen !== undefined) {
    const health = await serveHealth({ address: options.healthListen, notReady: () => notReady() });
    closers.add("health checks", () => health.close());
    log.info({ url: health.url }, "serving health checks");
  }
  const { metricsListen } = options;
  const metrics = await exportMetrics({
    service: "drafter",
    ...{ version, metricsListen, log, closers },
  });
  const tracing = await openTracing({ service: "drafter", version, node: name, log, closers });
  await checkScratch(options.scratch);
  const note = workersNote(options);
  if (note !== undefined) log.warn({}, note);
  const known = staticVerifiers(options.verifiers ?? "");
  const verifiers = findVerifiers(setup, known);
  const policy = new ShardPolicy({
    node: name,
    maxFailures: options.maxFailures,
    otherNodeMs: options.otherNodeMs,
    waitOutMs: options.waitOutMs,
    hasVerifiers: () => verifiers.endpoints.length > 0,
    pauses: timing.pauses,
    clock,
    log,
  });
  let keys: () => FaultKeys | undefined = () => undefined;
  const faults = new VerifierFaults({ node: name, keys: () => keys(), clock, log });
  const thread = openThread(setup, {
    verifiers,
    onDistrust: (distrust) => {
      metrics.add("nightbeam.drafter.verifier.faults", 1, { kind: distrust.kind });
      faults.add(distrust);
    },
    onRecorded: metricsListen === undefined ? undefined : metrics.replay,
  });
  const { timeoutMs } = timing;
  const openStore = runStores(metrics);
  const work = new ShardWork({ name, openStore, thread, clock, tracing, log, timeoutMs });
  const queue = await ShardQueue.open({
    redisUrl: options.redis,
    tls: setup.tls,
    prefix: redisPrefix(options.namespace),
    name,
    concurrency: options.shardsAtOnce,
    lockMs: options.lockMs,
    stallCheckMs: options.stallCheckMs,
    stuckMs: timing.stuckMs ?? STUCK_MS,
    putOffMs: timing.putOffMs ?? PUT_OFF_MS,
    policy,
    metrics,
    clock,
    log,
    work: (shard) => work.run(shard),
  });
  metrics.observe((set) => set("nightbeam.drafter.shards.active", queue.shardsInProgress));
  closers.add("shard queue", () => queue.close(graceMs));
  const report = new StandingReport({
    node: name,
    version,
    policy,
    keys: () => queue.keys,
    onChange: () => queue.takeOrHold(),
    clock,
    log,
    everyMs: timing.reportMs,
  });
  closers.add("report of this drafter", () => report.close());
  void report.report();
  closers.add(
    "watch of verifiers",
    verifiers.onChange(() => queue.takeOrHold()),
  );
  keys = () => queue.keys;
  closers.add("reports of verifiers", () => faults.close());
  const drafter = new DrafterService({ name, work, closers, log });
  const announcement = control?.announce(
    () => ({
      role: "drafter",
      id: name,
      waitingTokens: 0,
      runningTokens: drafter.usersInFlight,
      namedVerifiers: known.endpoints.length,
      draining: drafter.isDraining,
      version,
    }),
    { onDrain: () => drafter.drain("asked over NATS") },
  );
  if (announcement !== undefined) drafter.announcedBy(announcement);
  notReady = () => [
    ...(drafter.isDraining ? ["the drafter is draining"] : []),
    ...(queue.isConnected ? [] : ["there is no connection to Redis"]),
    ...policy.reasons,
  ];
  const found = verifiers.endpoints.length;
  log.info({ name, verifiers: found, graceMs }, "the drafter takes shards");
  return drafter;
}

function findVerifiers({ deps, closers }: Setup, known: VerifierDirectory): VerifierDirectory {
  const live = deps.control?.watchNodes("verifier");
  if (live === undefined) return known;
  closers.add("list of verifiers", () => live.close());
  return combineDirectories([live, known]);
}

function openThread(
  { options, deps, closers, tls, version }: Setup,
  watched: Pick<DecodeThreadOptions, "verifiers" | "onDistrust" | "onRecorded">,
): DecodeThread {
  const { log, clock = systemClock, timing = {} } = deps;
  const thread = new DecodeThread({
    setup: {
      scratch: options.scratch,
      shardsAtOnce: options.shardsAtOnce,
      batchesInFlight: options.batchesInFlight,
      workers: options.workers,
      promptCache: options.promptCache,
      tls,
      idleMs: timing.idleMs ?? IDLE_MS,
      patienceMs: timing.patienceMs,
      auditRate: options.auditRate,
      node: { name: options.name, version },
      records: watched.onRecorded !== undefined,
    },
    ...watched,
    log,
    clock,
    file: deps.threadFile,
  });
  closers.add("decode thread", () => thread.close());
  return thread;
}
