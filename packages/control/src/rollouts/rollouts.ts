import type { Clock } from "@nightbeam/service";
import { reasonOf } from "@nightbeam/service/log";
import type { ControlLog, Link } from "../connection/link.js";
import { ControlError } from "../errors.js";
import type { ControlTiming } from "../timing.js";
import { withBucket } from "./bucket.js";
import {
  checkRolloutName,
  type NamedRollout,
  type Rollout,
  readRollout,
  writeRollout,
} from "./rollout.js";
import { watchRollouts } from "./watch.js";

/**
 * The models that new runs start with, in a NATS bucket.
 *
 * An announcement is not a record: the models of a run are in its plan. All methods but `watch` throw
 * ControlError NOT_CONNECTED, NO_BUCKET, BUCKET_REFUSED, BAD_ROLLOUT, CLOSED.
 */
export interface Rollouts {
  /** @returns the revision */
  announce(name: string, value: Rollout): Promise<number>;
  current(name: string): Promise<Rollout | undefined>;
  /** All rollouts, sorted by name. Unreadable ones are skipped and logged. */
  list(): Promise<readonly NamedRollout[]>;
  /**
   * Calls the listener with every rollout, and again after each change. Survives lost connections.
   * @returns what ends it
   */
  watch(listener: (name: string, rollout: Rollout) => void): () => void;
}

export interface RolloutsOptions {
  readonly link: Link;
  /** The name of the bucket. */
  readonly bucket: string;
  readonly clock: Clock;
  readonly log: ControlLog;
  readonly timing: ControlTiming;
}

export function rolloutsOf(options: RolloutsOptions): Rollouts {
  const { link, bucket, log, timing } = options;
  const bucketOptions = { link, bucket, requestMs: timing.requestMs };

  const read = (name: string): Promise<NamedRollout | undefined> =>
    withBucket(bucketOptions, async (bucket) => {
      const entry = await bucket.get(name);
      if (entry === null || entry.operation !== "PUT") return undefined;
      return { name, rollout: readRollout(name, entry.string()), revision: entry.revision };
    });

  const list = async () => {
    const names = await withBucket(bucketOptions, async (bucket) => {
      const found: string[] = [];
      for await (const name of await bucket.keys()) found.push(name);
      return found.sort();
    });
    const rollouts: NamedRollout[] = [];
    for (const name of names) {
      try {
        const rollout = await read(name);
        if (rollout !== undefined) rollouts.push(rollout);
      } catch (error) {
        if (!(error instanceof ControlError && error.code === "BAD_ROLLOUT")) throw error;
        log.warn({ name, reason: reasonOf(error) }, "skipped an unreadable rollout");
      }
    }
    return rollouts;
  };

  return {
    announce: async (name, value) => {
      checkRolloutName(name);
      const text = writeRollout(name, value);
      return withBucket(bucketOptions, (bucket) => bucket.put(name, text));
    },
    current: async (name) => {
      checkRolloutName(name);
      return (await read(name))?.rollout;
    },
    list,
    watch: (listener) => watchRollouts({ ...options, list, listener }),
  };
}
