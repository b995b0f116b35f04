import type {
  Manifest,
  PartRecord,
  ProposedCounts,
  ReuseNote,
  RunCost,
  RunStanding,
  SubmittedRequest,
} from "@nightbeam/run";
import type { RunRequest } from "@nightbeam/settings";
import type { ShardStore } from "@nightbeam/store";

/** The output location of a run, as the scheduler uses it. All methods throw StoreError STORE_FAILED, STORE_DAMAGED. */
export interface RunOutput {
  readonly location: string;
  readonly store: ShardStore;
  standing(): Promise<RunStanding>;
  /** @throws RunError BAD_REQUEST if the store does not keep what it must not replace */
  probe(): Promise<void>;
  /** The request in this location, or undefined if it is free. */
  request(): Promise<SubmittedRequest | undefined>;
  /** @throws RunError OUT_TAKEN if the location contains a run of `nightbeam recommend` */
  refuseForeignRun(): Promise<void>;
  /** Replaces the request of a run that was never planned. */
  replaceRequest(request: RunRequest, submittedAt: Date): Promise<void>;
  /** Writes the request unless there is one. @returns the request in this location @throws RunError OUT_TAKEN */
  claim(request: RunRequest, submittedAt: Date): Promise<SubmittedRequest>;
  commits(): Promise<readonly PartRecord[]>;
  manifest(): Promise<Manifest | undefined>;
  /** From which run the lists of a planned run are taken, or why not; undefined if none was to be reused. */
  reuse(): Promise<ReuseNote | undefined>;
  /** What the lists of the candidates of a planned run hold; undefined if it has none. */
  candidates(): Promise<ProposedCounts | undefined>;
  cancel(at: Date): Promise<void>;
  /** Marks the run as paused: no more of its shards are taken. */
  pause(at: Date): Promise<void>;
  /** Removes that mark. */
  unpause(): Promise<void>;
  /** Marks the run as partial. `causes`: why shards failed, by index. */
  setAside(at: Date, causes: ReadonlyMap<number, string>): Promise<void>;
  /** Removes the marks of a cancelled or partial run that is planned. */
  reopen(): Promise<void>;
  /** @throws RunError RUN_STATE if the input of a shard was removed */
  assertInputs(shards: readonly number[]): Promise<void>;
  /** Removes the manifest and the commit records of shards. @throws RunError RUN_STATE */
  uncommit(shards: readonly number[]): Promise<void>;
  /** The number of its input files. */
  countInputs(): Promise<number>;
  removeInputs(): Promise<void>;
  /** Removes all files of the run, its lists too. */
  removeRun(): Promise<void>;
  /** What its committed parts cost. Undefined if they do not state it. */
  costOf(commits: readonly PartRecord[]): RunCost | undefined;
  /** Checks the commits against the plan, writes the manifest and removes left-over attempts. */
  finish(wallSeconds: number): Promise<void>;
}

export type OpenOutput = (location: string) => Promise<RunOutput>;
