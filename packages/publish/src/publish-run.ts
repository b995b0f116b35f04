import { PublishError } from "./errors.js";
import type { ListStore } from "./list-store.js";
import type { Rate } from "./pace.js";
import { openRunLists, type RunLists } from "./run-lists.js";
import { Spool } from "./spool.js";
import { type Retention, type Retired, removeOld, switchTo } from "./switch.js";
import { type Pointer, type Version, type VersionRecord, versionOf } from "./version.js";
import { type PublishProgress, verify, writeMissing } from "./write-version.js";

export interface PublishOptions extends Partial<Retention> {
  /** The directory or s3://bucket/prefix of a complete run. */
  readonly out: string;
  readonly store: ListStore;
  /** Publishes scores beside the items. Default: false. */
  readonly scores?: boolean;
  /** Default: as fast as possible. */
  readonly maxRate?: Rate | undefined;
  /** Also if readers see the lists of a later run. Default: false. */
  readonly allowOlder?: boolean;
  /** Reads and compares, but writes nothing. Default: false. */
  readonly dryRun?: boolean;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (progress: PublishProgress) => void;
  /** Default: the time of this machine. */
  readonly now?: () => Date;
}

export interface Publication extends Retired {
  readonly version: Version;
  /** `unchanged` if readers saw this version already. */
  readonly outcome: "switched" | "unchanged" | "dry run";
  /** What readers saw when it began. */
  readonly before: Pointer | undefined;
  /** What was written; in a dry run, what would be. */
  readonly written: { readonly users: number; readonly bytes: number };
  /** Users whose lists were there. */
  readonly present: number;
  /** Users whose lists were read back and compared. */
  readonly compared: number;
}

/** Defaults of `Retention`. */
export const DEFAULT_RETENTION: Retention = { keep: 2, graceMs: 600_000 };

/**
 * Publishes the lists of a run: writes what is missing of its version, reads a sample back, switches readers by one
 * step, and removes older versions. Killed at any time, it goes on when it is called again.
 *
 * @throws PublishError; RunError, StoreError, DatasetError for the run; the signal's reason
 */
export async function publishRun(options: PublishOptions): Promise<Publication> {
  const lists = await openRunLists(options.out);
  try {
    return await publishLists(lists, options);
  } finally {
    lists.close();
  }
}

async function publishLists(run: RunLists, options: PublishOptions): Promise<Publication> {
  const { store, scores = false, dryRun = false, now = () => new Date() } = options;
  const { keep = DEFAULT_RETENTION.keep, graceMs = DEFAULT_RETENTION.graceMs } = options;
  const planned = versionOf(run.manifest, { scores, bucketUsers: store.bucketUsers });
  const before = await store.readPointer();
  refuseOlder(planned, before, options);
  const spool = await Spool.open(planned.buckets, run.manifest.users);
  try {
    await readAll(run, spool, options);
    const version: Version = { ...planned, lists: spool.lists };
    if (!dryRun) await begin(store, version, now());
    const { sample, ...done } = await writeMissing(version, {
      ...options,
      spool,
      touch: () => begin(store, version, now()),
    });
    const result = { version, before, ...done };
    const retention = { keep, graceMs, at: now(), dryRun };
    if (dryRun) {
      return { ...result, outcome: "dry run", compared: 0, ...(await removeOld(store, retention)) };
    }
    await verify(store, version, sample);
    refuseOlder(version, await store.readPointer(), options);
    const record = await completed(store, version, before);
    const switched = await switchTo(store, { record, at: now() });
    const outcome = switched.before?.version === version.version ? "unchanged" : "switched";
    const retired = await removeOld(store, { ...retention, at: now() });
    return { ...result, outcome, compared: sample.length, ...retired };
  } finally {
    await spool.close();
  }
}

/** @throws PublishError OLDER */
function refuseOlder(
  { createdAt }: Pick<Version, "createdAt">,
  pointer: Pointer | undefined,
  { store, out, allowOlder = false }: PublishOptions,
): void {
  if (allowOlder || pointer === undefined || createdAt >= pointer.createdAt) return;
  throw new PublishError(
    "OLDER",
    `Readers of ${store.place} see the lists of ${pointer.createdAt} (version ${pointer.version}); those of ${out} are ` +
      `of ${createdAt}. To return to a version that is there, use --rollback; to publish these anyway, --older.`,
  );
}

async function readAll(run: RunLists, spool: Spool, options: PublishOptions): Promise<void> {
  const { scores = false, signal, onProgress } = options;
  const total = run.manifest.users;
  for await (const lists of run.read({ scores, signal })) {
    for (const one of lists) await spool.add(one);
    onProgress?.({ phase: "reading", done: spool.lists, total, before: 0 });
  }
}

/** Records that a version is being written, also if it was complete: then what it lacks is added. */
async function begin(store: ListStore, version: Version, at: Date): Promise<void> {
  const known = await recordOf(store, version);
  const state = known?.state ?? "writing";
  await store.writeRecord({ ...known, ...version, state, touchedAt: at.toISOString() });
}

/** The record of a version that is whole, or of one that readers see already. @throws PublishError NOT_VERIFIED */
async function completed(
  store: ListStore,
  version: Version,
  before: Pointer | undefined,
): Promise<VersionRecord> {
  const record = await recordOf(store, version);
  if (record === undefined) {
    throw new PublishError(
      "NOT_VERIFIED",
      `Another publication removed version ${version.version} from ${store.place}. Publish again.`,
    );
  }
  return before === undefined || before.version === version.version
    ? { ...record, state: "complete" }
    : { ...record, state: "complete", before: before.version };
}

async function recordOf(
  store: ListStore,
  { version }: Version,
): Promise<VersionRecord | undefined> {
  return (await store.readRecords()).find((record) => record.version === version);
}
