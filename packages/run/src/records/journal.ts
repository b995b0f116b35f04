import type { RecordFiles } from "@nightbeam/store";
import { directoryFiles } from "@nightbeam/store";
import { mapAtMost } from "./map-at-most.js";
import type { RunPlan } from "./plan.js";
import { planFileSchema } from "./plan.js";
import { readRecord, recordBytes, recordDamaged } from "./record-text.js";
import type { Manifest, PartRecord } from "./records.js";
import { manifestSchema, partRecordSchema } from "./records.js";
import {
  COMMITS_PREFIX,
  commitFile,
  committedIndex,
  MANIFEST_FILE,
  PLAN_FILE,
} from "./run-files.js";

/**
 * The records of one run, wherever they are kept. Every write is durable when its promise resolves,
 * and appears whole or not at all.
 */
export interface Journal {
  /** The plan, or undefined before it is written. */
  readPlan(): Promise<RunPlan | undefined>;
  /** Writes the plan unless there is one. Resolves to whether this call wrote it. */
  createPlan(plan: RunPlan): Promise<boolean>;
  /** The indices of committed parts, in order. Costs a listing of names. */
  listCommits(): Promise<number[]>;
  /** One commit record, or undefined where the part is not committed. */
  readCommit(index: number): Promise<PartRecord | undefined>;
  /** Commit records in order of their index. */
  readCommits(): Promise<PartRecord[]>;
  /**
   * Commits a part unless it is committed: of any number of callers one creates the record, and all
   * get the record that counts.
   */
  commit(record: PartRecord): Promise<{ created: boolean; record: PartRecord }>;
  readManifest(): Promise<Manifest | undefined>;
  /** Writes the manifest unless there is one. Resolves to the one that counts. */
  createManifest(manifest: Manifest): Promise<Manifest>;
}

/** Records read at the same time: enough to hide a store's delays, few enough for its connections. */
const READS_AT_ONCE = 16;

/**
 * A journal in files. What the files throw passes unchanged.
 *
 * @throws RunError RUN_DAMAGED from every read
 */
export function openJournal(files: RecordFiles): Journal {
  const readCommit = async (index: number): Promise<PartRecord | undefined> => {
    const name = commitFile(index);
    const record = await readRecord(files, name, partRecordSchema);
    if (record === undefined || record.index === index) return record;
    throw recordDamaged(`${files.location}/${name}`, "the record is another part's");
  };
  const standingCommit = async (index: number): Promise<PartRecord> => {
    const record = await readCommit(index);
    if (record !== undefined) return record;
    throw recordDamaged(`${files.location}/${commitFile(index)}`, "the record is gone");
  };
  const listCommits = async (): Promise<number[]> => {
    const names = await files.list(COMMITS_PREFIX);
    return names.flatMap((name) => committedIndex(name) ?? []).toSorted((a, b) => a - b);
  };
  const readManifest = () => readRecord(files, MANIFEST_FILE, manifestSchema);
  return {
    readPlan: async () => (await readRecord(files, PLAN_FILE, planFileSchema))?.plan,
    createPlan: (plan) => files.create(PLAN_FILE, recordBytes({ planVersion: 1, plan })),
    listCommits,
    readCommit,
    readCommits: async () => mapAtMost(READS_AT_ONCE, await listCommits(), standingCommit),
    commit: async (record) => {
      const created = await files.create(commitFile(record.index), recordBytes(record));
      return { created, record: created ? record : await standingCommit(record.index) };
    },
    readManifest,
    createManifest: async (manifest) => {
      if (await files.create(MANIFEST_FILE, recordBytes(manifest))) return manifest;
      return (await readManifest()) ?? manifest;
    },
  };
}

/** A journal of files in a run's directory. */
export function directoryJournal(dir: string): Journal {
  return openJournal(directoryFiles(dir));
}
