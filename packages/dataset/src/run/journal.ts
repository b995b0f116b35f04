import type { RunPlan } from "./plan.js";
import type { Manifest, PartRecord } from "./records.js";

/**
 * The records of one run: the seam behind which a directory, or a store that several machines
 * share, keeps them. Every write is durable when its promise resolves, and appears whole or not at
 * all.
 */
export interface Journal {
  /** The plan, or undefined before it is written. */
  readPlan(): Promise<RunPlan | undefined>;
  /** Writes the plan unless there is one. Resolves to whether this call wrote it. */
  createPlan(plan: RunPlan): Promise<boolean>;
  /** Commit records in order of their index. */
  readCommits(): Promise<PartRecord[]>;
  /**
   * Commits a part unless it is committed: of any number of callers one creates the record, and all
   * get the record that counts.
   */
  commit(record: PartRecord): Promise<{ created: boolean; record: PartRecord }>;
  readManifest(): Promise<Manifest | undefined>;
  writeManifest(manifest: Manifest): Promise<void>;
}
