import type { MissingShard, ProposedCounts, ReuseNote, RunStanding } from "@nightbeam/run";
import { firstRowOf, type Manifest, type PartRecord, plannedRows } from "@nightbeam/run";
import type { z } from "zod";
import type { Documents } from "../state/documents.js";
import type { OpenOutput, RunOutput } from "./run-output.js";
import type { RunRecord, refusalSchema, reopeningSchema } from "./run-record.js";
import { stateOf, type ViewState } from "./run-state.js";

/** A shard of the plan. */
export interface PlannedShard {
  readonly index: number;
  readonly firstRow: number;
  /** Input rows. */
  readonly rows: number;
}

/** A run as the stores show it at one moment, without Redis. */
export interface RunView {
  readonly record: RunRecord;
  readonly output: RunOutput;
  readonly state: ViewState;
  readonly standing: RunStanding;
  readonly commits: readonly PartRecord[];
  /** Shards of the plan without a commit. */
  readonly missing: readonly PlannedShard[];
  readonly manifest: Manifest | undefined;
  /** See `RunOutput.reuse`. */
  readonly reuse: ReuseNote | undefined;
  /** See `RunOutput.candidates`. */
  readonly candidates: ProposedCounts | undefined;
  readonly setAside: readonly MissingShard[];
  readonly refusal: Refusal | undefined;
  /** When the run ended, in states without work. */
  readonly endedAt: string | undefined;
}

export type Refusal = Readonly<z.output<typeof refusalSchema>>;
export type Reopening = Readonly<z.output<typeof reopeningSchema>>;

export interface ViewOptions {
  readonly openOutput: OpenOutput;
  readonly refusals: Pick<Documents<Refusal>, "get">;
  readonly reopenings: Pick<Documents<Reopening>, "get">;
}

/** Reads the files of a run. @throws StoreError STORE_FAILED, STORE_DAMAGED */
export async function viewRun(record: RunRecord, options: ViewOptions): Promise<RunView> {
  const { openOutput, refusals, reopenings } = options;
  const output = await openOutput(record.out);
  const [standing, refusal, reopening] = await Promise.all([
    output.standing(),
    refusals.get(record.runId),
    reopenings.get(record.runId),
  ]);
  const { plan, committed, partial, cancelled } = standing;
  const marks = { stored: standing.state, refused: refusal !== undefined };
  const state = stateOf({ ...marks, reopening: reopening !== undefined });
  const [commits, manifest, reuse, candidates] = await Promise.all([
    plan === undefined ? [] : output.commits(),
    state === "complete" ? output.manifest() : undefined,
    plan === undefined ? undefined : output.reuse(),
    plan === undefined ? undefined : output.candidates(),
  ]);
  const endings: Readonly<Partial<Record<ViewState, string | undefined>>> = {
    complete: manifest?.createdAt,
    partial: partial?.setAsideAt,
    cancelled: cancelled?.cancelledAt,
    refused: refusal?.at,
  };
  const shards = Array.from({ length: standing.shards }, (_, index) => index);
  const missing = shards
    .filter((index) => plan !== undefined && !committed.has(index))
    .map((index) => ({
      index,
      firstRow: plan === undefined ? 0 : firstRowOf(plan, index),
      rows: plan === undefined ? 0 : plannedRows(plan, index),
    }));
  return {
    record,
    output,
    state,
    standing,
    commits,
    missing,
    manifest,
    reuse,
    candidates,
    setAside: state === "partial" ? (partial?.missing ?? []) : [],
    refusal,
    endedAt: endings[state],
  };
}
