import { type Control, combineDirectories, staticVerifiers } from "@nightbeam/control";
import type { VerifierDirectory } from "@nightbeam/protocol";
import { redisPrefix } from "@nightbeam/queue";
import {
  type Clock,
  readTls,
  readVersion,
  systemClock,
  type TlsBytes,
  UsageError,
} from "@nightbeam/service";
import { type Closers, loggedClosers, openWith } from "@nightbeam/service/lifecycle";
import type { Log } from "@nightbeam/service/log";
import { DrafterService, type RunningDrafter } from "./drafter-service.js";
import { ShardQueue } from "./jobs/shard-queue.js";
import type { DrafterOptions } from "./options/options.js";
import { openRunStore } from "./run-store.js";
import { ShardWork } from "./shard/shard-work.js";
import { DecodeThread } from "./thread/decode-thread.js";

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
  const known = staticVerifiers(options.verifiers ?? "");
  const verifiers = findVerifiers(setup, known);
  const thread = openThread(setup, verifiers);
  const { timeoutMs } = timing;
  const work = new ShardWork({ openStore: openRunStore, thread, clock, log, timeoutMs });
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
    clock,
    log,
    work: (shard) => work.run(shard),
  });
  closers.add("shard queue", () => queue.close(graceMs));
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
  { options, deps, closers, tls }: Setup,
  verifiers: VerifierDirectory,
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
    },
    verifiers,
    log,
    clock,
    file: deps.threadFile,
  });
  closers.add("decode thread", () => thread.close());
  return thread;
}
