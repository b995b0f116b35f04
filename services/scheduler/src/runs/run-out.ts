import type { Manifest, PartRecord } from "@nightbeam/dataset";
import type { RunRequest, RunStanding, ShardStore, SubmittedRequest } from "@nightbeam/jobs";

/** A run's place, as the scheduler uses it. All throw JobsError STORE_FAILED, STORE_DAMAGED. */
export interface RunOut {
  readonly location: string;
  readonly store: ShardStore;
  standing(): Promise<RunStanding>;
  /** The request that holds the place, or undefined while it is free. */
  request(): Promise<SubmittedRequest | undefined>;
  /** Takes the place unless it is taken. @returns the request that holds it */
  claim(request: RunRequest, submittedAt: Date): Promise<SubmittedRequest>;
  commits(): Promise<readonly PartRecord[]>;
  manifest(): Promise<Manifest | undefined>;
  cancel(at: Date): Promise<void>;
  /** What is missing was given up; `causes` by shard. */
  setAside(at: Date, causes: ReadonlyMap<number, string>): Promise<void>;
  /** Takes off the marks of a cancelled or partial run that is planned. */
  reopen(): Promise<void>;
  /** Verifies the commits against the plan, writes the manifest and sweeps up. */
  finish(wallSeconds: number): Promise<void>;
}

export type OpenOut = (location: string) => Promise<RunOut>;
