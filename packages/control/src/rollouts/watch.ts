import { reasonOf } from "@nightbeam/service/log";
import type { KvEntry, QueuedIterator } from "nats";
import type { Clock } from "../clock.js";
import type { Link } from "../connection/link.js";
import { ControlError, type ControlErrorCode } from "../errors.js";
import type { ControlLog } from "../log.js";
import type { ControlTiming } from "../timing.js";
import { withBucket } from "./bucket.js";
import type { NamedRollout, Rollout } from "./rollout.js";

export interface RolloutWatchOptions {
  readonly link: Link;
  readonly clock: Clock;
  readonly log: ControlLog;
  readonly timing: ControlTiming;
  readonly list: () => Promise<readonly NamedRollout[]>;
  readonly listener: (name: string, rollout: Rollout) => void;
}

/**
 * Tells what changed in the bucket, by reading it. What the server pushes is only a hint to read again;
 * so are a new connection and the passing of time, for pushes get lost.
 *
 * @returns what ends it
 */
export function watchRollouts(options: RolloutWatchOptions): () => void {
  const { link, clock, log, timing, list, listener } = options;
  const told = new Map<string, string>();
  let hints: QueuedIterator<KvEntry> | undefined;
  let connections = 0;
  let reading = false;
  let again = false;
  let ended = false;
  let logged: ControlErrorCode | undefined;

  const fail = (error: unknown) => {
    const code = error instanceof ControlError ? error.code : undefined;
    // NATS being away is logged by the link.
    if (code === undefined || code === "NOT_CONNECTED" || code === "CLOSED" || code === logged)
      return;
    logged = code;
    log.warn({ code, reason: reasonOf(error) }, "rollouts cannot be watched now");
  };
  const tell = (rollouts: readonly NamedRollout[]) => {
    for (const { name, rollout } of rollouts) {
      const text = JSON.stringify(rollout);
      if (ended || told.get(name) === text) continue;
      told.set(name, text);
      listener(name, rollout);
    }
  };
  /** One reading at a time; a hint during a reading makes one more. */
  const read = async () => {
    again = true;
    if (reading) return;
    reading = true;
    while (again && !ended) {
      again = false;
      const rollouts = await list().catch(fail);
      if (rollouts === undefined) continue;
      logged = undefined;
      tell(rollouts);
    }
    reading = false;
  };
  const listen = async (connection: number) => {
    const bucketOptions = { link, requestMs: timing.requestMs };
    const pushed = await withBucket(bucketOptions, (bucket) => bucket.watch()).catch(fail);
    if (pushed === undefined) return;
    if (ended || connection !== connections) return pushed.stop();
    hints = pushed;
    try {
      for await (const _ of pushed) void read();
    } finally {
      if (hints === pushed) hints = undefined;
    }
  };
  const listenAgain = () => {
    hints?.stop();
    hints = undefined;
    listen(++connections).catch(fail);
    void read();
  };

  const unfollow = link.follow({ up: listenAgain });
  const stopRereading = clock.repeat(timing.rereadMs, () => {
    // Without a bucket there was nothing to listen to, but there may be one now.
    if (hints === undefined) listenAgain();
    else void read();
  });
  return () => {
    ended = true;
    unfollow();
    stopRereading();
    hints?.stop();
  };
}
