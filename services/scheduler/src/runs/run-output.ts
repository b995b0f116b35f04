import type { Manifest, PartRecord, RunStanding, SubmittedRequest } from "@nightbeam/run";
import type { RunRequest } from "@nightbeam/settings";
import type { ShardStore } from "@nightbeam/store";

/** A run's place, as the scheduler uses it. All throw JobsError STORE_FAILED, STORE_DAMAGED. */
export interface RunOutput {
  readonly location: string;
  readonly store: ShardStore;
  standing(): Promise<RunStanding>;
  /** The request that holds the place, or undefined while it is free. */
  request(): Promise<SubmittedRequest | undefined>;
  /** @throws JobsError OUT_TAKEN where one machine's run is there */
  refuseForeignRun(): Promise<void>;
  /** Puts another request in place of that of a run that was never planned. */
  replaceRequest(request: RunRequest, submittedAt: Date): Promise<void>;
  /** Takes the place unless it is taken. @returns the request that holds it @throws JobsError OUT_TAKEN */
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

export type OpenOutput = (location: string) => Promise<RunOutput>;
