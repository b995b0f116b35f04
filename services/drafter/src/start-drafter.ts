import { type Control, combineDirectories, staticVerifiers } from "@nightbeam/control";
import type { VerifierDirectory } from "@nightbeam/protocol";
import { type Clock, readTls, readVersion, systemClock, UsageError } from "@nightbeam/service";
import type { Log } from "@nightbeam/service/log";
import { DrafterService, type RunningDrafter } from "./drafter-service.js";
import { ShardQueue } from "./jobs/shard-queue.js";
import type { DrafterOptions } from "./options/options.js";
import { openRunStore } from "./run-store.js";
import { ShardWork } from "./shard/shard-work.js";
import { DecodeThread } from "./thread/decode-thread.js";

/** Times that nobody sets but tests. */
export interface DrafterTiming {
  /** What a shard may take; default: what the job catalogue says. */
  readonly timeoutMs?: number;
  /** How long a shard waits after nobody could verify it. */
  readonly putOffMs?: number;
  /** How long a call waits for a verifier before that. */
  readonly patienceMs?: number;
  /** How long the models of a run are kept for its next shard. */
  readonly idleMs?: number;
  /** How long a connection may be away, with Redis there, before it is made anew. */
  readonly stuckMs?: number;
}

export interface DrafterDeps {
  readonly log: Log;
  /** Where verifiers are found and the drafter is listed; not closed here. */
  readonly control?: Pick<Control, "announce" | "watchNodes">;
  readonly clock?: Clock;
  readonly timing?: DrafterTiming;
  /** The namespace of the queues; default: the one of all. */
  readonly prefix?: string;
  /** The program of the decode thread; default: the package's own. */
  readonly threadFile?: URL;
}

const PUT_OFF_MS = 2_000;
const IDLE_MS = 60_000;
const STUCK_MS = 5_000;

/**
 * Starts a drafter: resolves when it takes shards.
 *
 * @throws UsageError BAD_OPTION; JobsError REDIS_UNREACHABLE, REDIS_UNSAFE, REDIS_TOO_OLD;
 * ControlError BAD_ADDRESS
 */
export async function startDrafter(
  options: DrafterOptions,
  deps: DrafterDeps,
): Promise<RunningDrafter> {
  const { log, control, clock = systemClock, timing = {} } = deps;
  const { name } = options;
  if (control === undefined && options.verifiers === undefined) {
    throw new UsageError(
      "BAD_OPTION",
      "nobody would verify: give --nats, --verifiers host:port, or both",
    );
  }
  const tls = await readTls(options);
  if (tls !== undefined && tls.ca === undefined) {
    throw new UsageError(
      "BAD_OPTION",
      "--tls-cert without --tls-ca: say who signs the verifiers' certificates",
    );
  }
  const version = await readVersion(new URL("../package.json", import.meta.url));
  const live = control?.watchNodes("verifier");
  const known = staticVerifiers(options.verifiers ?? "");
  const verifiers: VerifierDirectory =
    live === undefined ? known : combineDirectories([live, known]);
  const thread = new DecodeThread({
    setup: {
      scratch: options.scratch,
      shardsAtOnce: options.shardsAtOnce,
      lanes: options.lanes,
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
  const { timeoutMs } = timing;
  const work = new ShardWork({ openStore: openRunStore, thread, clock, log, timeoutMs });
  const queue = await ShardQueue.open({
    redisUrl: options.redis,
    prefix: deps.prefix,
    name,
    concurrency: options.shardsAtOnce,
    lockMs: options.lockMs,
    stallCheckMs: options.stallCheckMs,
    stuckMs: timing.stuckMs ?? STUCK_MS,
    putOffMs: timing.putOffMs ?? PUT_OFF_MS,
    clock,
    log,
    work: (shard) => work.run(shard),
  }).catch((error: unknown) => {
    live?.close();
    throw error;
  });

  const drafter = new DrafterService({
    name,
    graceMs: options.graceMs,
    queue,
    work,
    thread,
    forgetVerifiers: () => live?.close(),
    log,
  });
  if (control !== undefined) {
    const announcement = control.announce(
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
    drafter.announcedBy(announcement);
  }
  log.info({ name, verifiers: verifiers.endpoints.length }, "the drafter takes shards");
  return drafter;
}
