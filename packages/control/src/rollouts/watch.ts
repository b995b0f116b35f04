import { type Clock, repeat } from "@nightbeam/service";
import { reasonOf } from "@nightbeam/service/log";
import type { KvEntry, QueuedIterator } from "nats";
import type { ControlLog, Link } from "../connection/link.js";
import { ControlError, type ControlErrorCode } from "../errors.js";
import type { ControlTiming } from "../timing.js";
import { withBucket } from "./bucket.js";
import type { NamedRollout, Rollout } from "./rollout.js";

export interface RolloutWatchOptions {
  readonly link: Link;
  /** The name of the bucket. */
  readonly bucket: string;
  readonly clock: Clock;
  readonly log: ControlLog;
  readonly timing: ControlTiming;
  readonly list: () => Promise<readonly NamedRollout[]>;
  readonly listener: (name: string, rollout: Rollout) => void;
}

/**
 * Reports changes of the bucket by reading it. A push of the server is only a hint to read again; so are a new
 * connection and the passing of time, because pushes can be lost.
 *
 * @returns what ends it
 */
export function watchRollouts(options: RolloutWatchOptions): () => void {
  const { link, bucket, clock, log, timing, list, listener } = options;
  const reported = new Map<string, string>();
  let hints: QueuedIterator<KvEntry> | undefined;
  let connections = 0;
  let reading = false;
  let again = false;
  let ended = false;
  let logged: ControlErrorCode | undefined;

  const fail = (error: unknown) => {
    const code = error instanceof ControlError ? error.code : undefined;
    // The link logs lost connections.
    if (code === undefined || code === "NOT_CONNECTED" || code === "CLOSED" || code === logged)
      return;
    logged = code;
    log.warn({ code, reason: reasonOf(error) }, "cannot watch rollouts");
  };
  const report = (rollouts: readonly NamedRollout[]) => {
    for (const { name, rollout } of rollouts) {
      const text = JSON.stringify(rollout);
      if (ended || reported.get(name) === text) continue;
      reported.set(name, text);
      listener(name, rollout);
    }
  };
  /** Reads once at a time; a hint during a read causes one more. */
  const read = async () => {
    again = true;
    if (reading) return;
    reading = true;
    while (again && !ended) {
      again = false;
      const rollouts = await list().catch(fail);
      if (rollouts === undefined) continue;
      logged = undefined;
      report(rollouts);
    }
    reading = false;
  };
  const listen = async (connection: number) => {
    const bucketOptions = { link, bucket, requestMs: timing.requestMs };
    const pushed = await withBucket(bucketOptions, (opened) => opened.watch()).catch(fail);
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
  const stopRereading = repeat(clock, timing.rereadMs, () => {
    // There was no bucket to listen to, but there may be one now.
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
