import { directoryFiles, type RecordFiles, type ShardStore } from "@nightbeam/store";
import { RunError } from "../errors.js";
import { planFileSchema, type RunPlan } from "../plan.js";
import { mapAtMost } from "./map-at-most.js";
import { COMMITS_PREFIX, commitFile, committedIndex, MANIFEST_FILE, PLAN_FILE } from "./names.js";
import type { RunOrigin } from "./origin.js";
import { type DamageCode, readRecord, recordBytes, recordDamaged } from "./record-file.js";
import { type Manifest, manifestSchema, type PartRecord, partRecordSchema } from "./records.js";

/**
 * The plan, the commits and the manifest of one run. A write is durable when its promise resolves, and
 * the record is complete or absent.
 */
export interface Journal {
  /** The plan, or undefined before the run is planned. */
  readPlan(): Promise<RunPlan | undefined>;
  /** What was written beside the plan; undefined if nothing was. */
  readOrigin(): Promise<RunOrigin | undefined>;
  /** Writes the plan unless there is one. @returns whether this call wrote it */
  createPlan(plan: RunPlan, origin?: RunOrigin): Promise<boolean>;
  /** The indices of the committed parts, in order. Costs one listing. */
  listCommits(): Promise<number[]>;
  /** One commit record, or undefined if the part is not committed. */
  readCommit(index: number): Promise<PartRecord | undefined>;
  /** All commit records, in order of their index. */
  readCommits(): Promise<PartRecord[]>;
  /**
   * Commits a part unless it is committed: of any number of concurrent callers one creates the record,
   * and all get the record that counts.
   */
  commit(record: PartRecord): Promise<{ readonly created: boolean; readonly record: PartRecord }>;
  /** The manifest, or undefined before the run is complete. */
  readManifest(): Promise<Manifest | undefined>;
  /** Writes the manifest unless there is one. @returns the one that counts */
  createManifest(manifest: Manifest): Promise<Manifest>;
}

/** Records read at the same time: enough to hide a store's latency, few enough for its connections. */
const READS_AT_ONCE = 16;

/**
 * A journal in files. Errors of the files are passed on unchanged.
 *
 * @throws RunError with the code of `damage` (default: RUN_DAMAGED) from every read
 */
export function openJournal(files: RecordFiles, damage: DamageCode = "RUN_DAMAGED"): Journal {
  const damaged = (index: number, problem: string) =>
    recordDamaged(`${files.location}/${commitFile(index)}`, { damage, problem });
  const readCommit = async (index: number): Promise<PartRecord | undefined> => {
    const name = commitFile(index);
    const record = await readRecord(files, { name, schema: partRecordSchema, damage });
    if (record === undefined || record.index === index) return record;
    throw damaged(index, "the record belongs to another part");
  };
  const existingCommit = async (index: number): Promise<PartRecord> => {
    const record = await readCommit(index);
    if (record !== undefined) return record;
    throw damaged(index, "the record is missing");
  };
  const listCommits = async (): Promise<number[]> => {
    const names = await files.list(COMMITS_PREFIX);
    return names.flatMap((name) => committedIndex(name) ?? []).toSorted((a, b) => a - b);
  };
  const readPlanFile = () => readRecord(files, { name: PLAN_FILE, schema: planFileSchema, damage });
  const readManifest = () =>
    readRecord(files, { name: MANIFEST_FILE, schema: manifestSchema, damage });
  return {
    readPlan: async () => (await readPlanFile())?.plan,
    readOrigin: async () => (await readPlanFile())?.origin,
    createPlan: (plan, origin) =>
      files.create(PLAN_FILE, recordBytes({ planVersion: 1, plan, origin })),
    listCommits,
    readCommit,
    readCommits: async () => mapAtMost(READS_AT_ONCE, await listCommits(), existingCommit),
    commit: async (record) => {
      const created = await files.create(commitFile(record.index), recordBytes(record));
      return { created, record: created ? record : await existingCommit(record.index) };
    },
    readManifest,
    createManifest: async (manifest) => {
      if (await files.create(MANIFEST_FILE, recordBytes(manifest))) return manifest;
      return (await readManifest()) ?? manifest;
    },
  };
}

/** The journal of a run on one machine. @throws RunError RUN_DAMAGED; StoreError */
export function directoryJournal(dir: string): Journal {
  return openJournal(directoryFiles(dir));
}

/** The journal of a cluster's run. @throws RunError STORE_DAMAGED; StoreError STORE_FAILED */
export function storeJournal(store: ShardStore): Journal {
  return openJournal(store, "STORE_DAMAGED");
}

/** The plan of a cluster's run. @throws RunError NOT_A_RUN, STORE_DAMAGED; StoreError STORE_FAILED */
export async function readPlan(store: ShardStore): Promise<RunPlan> {
  const plan = await storeJournal(store).readPlan();
  if (plan !== undefined) return plan;
  throw new RunError(
    "NOT_A_RUN",
    `${store.location} does not hold a planned run. Submit it, or wait until it is planned.`,
  );
}

/** The indices of the committed shards. Costs one listing. @throws StoreError STORE_FAILED */
export async function committedShards(store: ShardStore): Promise<Set<number>> {
  return new Set(await storeJournal(store).listCommits());
}
