import type { PublicationStatus } from "@nightbeam/api";
import {
  openDestination,
  PublishError,
  parseRate,
  publishRun,
  type Rate,
} from "@nightbeam/publish";
import type { JobQueues } from "@nightbeam/queue";
import type { Manifest } from "@nightbeam/run";
import { type TlsBytes, UsageError } from "@nightbeam/service";
import { type Log, reasonOf } from "@nightbeam/service/log";
import { z } from "zod";
import type { Alarms } from "../alarms/alarms.js";
import { elapsedMs, isoTime, type WallClock } from "../clock.js";
import { SchedulerError } from "../errors.js";
import { withLease } from "../runs/lease.js";
import type { RunView } from "../runs/run-view.js";
import { documents, type StateFiles } from "../state/documents.js";

/** Where runs are published. */
export interface PublishDestination {
  /** See `openDestination`. */
  readonly to: string;
  readonly tls: TlsBytes | undefined;
  readonly maxRate: Rate | undefined;
}

/** The destination of `--publish-to`, if it is given. @throws UsageError BAD_OPTION */
export function publishDestination(
  options: {
    readonly publishTo?: string | undefined;
    readonly publishMaxRate?: string | undefined;
  },
  tls: TlsBytes | undefined,
): PublishDestination | undefined {
  const { publishTo: to, publishMaxRate } = options;
  const maxRate = publishMaxRate === undefined ? undefined : parseRate(publishMaxRate);
  if (publishMaxRate !== undefined && maxRate === undefined) {
    const problem = "give users per second, as 5000, or bytes, as 20MB";
    throw new UsageError("BAD_OPTION", `--publish-max-rate ${publishMaxRate}: ${problem}`);
  }
  if (to !== undefined) return { to, tls, maxRate };
  if (maxRate === undefined) return undefined;
  throw new UsageError("BAD_OPTION", "--publish-max-rate limits --publish-to, which is not given");
}

export interface PublicationDeskOptions {
  readonly files: StateFiles;
  readonly queues: Pick<JobQueues, "redis" | "prefix">;
  readonly leaseMs: number;
  readonly destination: PublishDestination | undefined;
  readonly alarms: Pick<Alarms, "raise" | "mend">;
  /** Called when the status of a publication has changed. */
  readonly onKnown: (runId: string) => void;
  readonly clock: WallClock;
  readonly log: Log;
  /** Pause before the nth try, from 2. Default: a minute, then twice as long every time, up to a quarter of an hour. */
  readonly pauseMs?: (attempt: number) => number;
}

/** What the desk needs of a run. */
interface PublishedRun {
  readonly record: Pick<RunView["record"], "runId" | "night" | "publish">;
  readonly manifest: Pick<Manifest, "createdAt"> | undefined;
  readonly output: Pick<RunView["output"], "location">;
}

/** Publishes complete runs that ask for it, one after the other, and tries again what fails. */
export interface PublicationDesk {
  /** @throws SchedulerError BAD_REQUEST if a run is to be published and there is no destination */
  assertPossible(publish: string | undefined): void;
  /** Has a run published if it is complete, asks for it, and is not published yet. Returns at once. */
  see(view: PublishedRun): void;
  /** Undefined if the run is not to be published. */
  read(view: PublishedRun): Promise<PublicationStatus | undefined>;
  remove(runId: string): Promise<void>;
  /** Stops publications in progress; the next scheduler continues them. */
  close(): Promise<void>;
}

const publishedSchema = z.object({
  /** The manifest's time: a run of which shards were computed again is published again. */
  createdAt: z.string(),
  name: z.string(),
  version: z.string(),
  at: z.iso.datetime(),
});

/** Runs that ended earlier are not published any more. */
const RECENT_MS = 7 * 24 * 3_600_000;
/** It is tried again for this long. */
const RETRY_MS = 12 * 3_600_000;
/** Trying again changes nothing. */
const FINAL: ReadonlySet<string> = new Set(["OLDER", "RUN_DAMAGED", "BAD_DESTINATION"]);

const growingPause = (attempt: number) => Math.min(15 * 60_000, 60_000 * 2 ** (attempt - 2));

export function openPublicationDesk(options: PublicationDeskOptions): PublicationDesk {
  const { files, queues, leaseMs, destination, alarms, onKnown, clock, log } = options;
  const { pauseMs = growingPause } = options;
  const known = documents({ files, folder: "publications", schema: publishedSchema });
  /** The manifests, by run, that this process publishes or has published. */
  const seen = new Map<string, string>();
  const failures = new Map<string, { readonly reason: string; readonly at: string }>();
  const timers = new Set<NodeJS.Timeout>();
  const closed = new AbortController();
  const { signal } = closed;
  let last: Promise<void> = Promise.resolve();

  const publish = async (view: PublishedRun, name: string): Promise<void> => {
    const { record, manifest, output } = view;
    if (signal.aborted || manifest === undefined) return;
    if ((await known.get(record.runId))?.createdAt === manifest.createdAt) return;
    if (destination === undefined) throw noDestination();
    const { to, tls, maxRate } = destination;
    const store = await openDestination({ to, name, tls });
    try {
      for (const warning of await store.warnings()) log.warn({ place: store.place }, warning);
      const done = await publishRun({ out: output.location, store, maxRate, signal });
      const { version } = done.version;
      const at = isoTime(clock.now());
      await known.put(record.runId, { createdAt: manifest.createdAt, name, version, at });
      log.info({ runId: record.runId, place: store.place, version }, "published a run");
    } finally {
      await store.close();
    }
  };

  const enqueue = (
    view: PublishedRun,
    attempt: { readonly number: number; readonly since: number },
  ) => {
    const { runId, night, publish: name = "" } = view.record;
    const again = () => {
      if (signal.aborted || elapsedMs() - attempt.since > RETRY_MS) return;
      const number = attempt.number + 1;
      const timer = setTimeout(() => {
        timers.delete(timer);
        enqueue(view, { ...attempt, number });
      }, pauseMs(number));
      timers.add(timer);
    };
    const lease = { queues, name: `publish:${runId}`, lastsMs: leaseMs };
    const work = async () => {
      // Another scheduler that publishes it may die.
      if (!(await withLease(lease, () => publish(view, name)))) return again();
      failures.delete(runId);
      alarms.mend({ kind: "run_unpublished", runId });
      onKnown(runId);
    };
    last = last.then(work).catch((error: unknown) => {
      if (signal.aborted) return;
      const reason = reasonOf(error);
      const isFinal = error instanceof PublishError && FINAL.has(error.code);
      failures.set(runId, { reason, at: isoTime(clock.now()) });
      log.warn({ runId, reason, isFinal }, "cannot publish a run");
      const message = `Run ${runId} is complete but not published: ${reason}.`;
      const about = night === undefined ? {} : { night };
      alarms.raise({ kind: "run_unpublished", runId, message, ...about });
      onKnown(runId);
      if (!isFinal) again();
    });
  };

  return {
    assertPossible: (name) => {
      if (name !== undefined && destination === undefined) throw noDestination();
    },
    see: (view) => {
      const { record, manifest } = view;
      const { runId } = record;
      if (record.publish === undefined || manifest === undefined) return;
      if (seen.get(runId) === manifest.createdAt) return;
      if (clock.now() - Date.parse(manifest.createdAt) > RECENT_MS) return;
      seen.set(runId, manifest.createdAt);
      enqueue(view, { number: 1, since: elapsedMs() });
    },
    read: async (view) => {
      const { runId, publish: name } = view.record;
      if (name === undefined) return undefined;
      const published = await known.get(runId);
      if (published !== undefined && published.createdAt === view.manifest?.createdAt) {
        return { state: "published", name, version: published.version, at: published.at };
      }
      const failure = failures.get(runId);
      return failure === undefined
        ? { state: "waiting", name }
        : { state: "failed", name, ...failure };
    },
    remove: async (runId) => {
      failures.delete(runId);
      seen.delete(runId);
      await known.remove(runId);
    },
    close: async () => {
      closed.abort(new Error("the scheduler stops"));
      for (const timer of timers) clearTimeout(timer);
      await last;
    },
  };
}

function noDestination(): SchedulerError {
  return new SchedulerError(
    "BAD_REQUEST",
    "`publish`: this scheduler publishes nothing. Start it with --publish-to, or leave --publish out.",
  );
}
