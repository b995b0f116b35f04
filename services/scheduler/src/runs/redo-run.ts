import type { RedoBody } from "@nightbeam/api";
import type { PartRecord } from "@nightbeam/run";
import { z } from "zod";
import { isoTime, type WallClock } from "../clock.js";
import { SchedulerError } from "../errors.js";
import type { Documents } from "../state/documents.js";
import { isPossible } from "./run-state.js";
import type { RunView } from "./run-view.js";

/**
 * Shards that are to be computed again. It stands until the run is complete again, so that every scheduler learns
 * of it, and so that one that dies in the middle is no harm.
 */
export const redoSchema = z.object({
  shards: z.array(z.int().min(0)),
  at: z.iso.datetime(),
  /** Whether their commit records were removed. */
  isApplied: z.boolean(),
});

export type Redo = Readonly<z.output<typeof redoSchema>>;

export interface RedoOptions {
  readonly redos: Documents<Redo>;
  readonly clock: WallClock;
}

/** The number of shards that are computed again, and of those of which it is not known who answered them. */
export interface Redone {
  readonly shards: number;
  readonly unknown: number;
}

/**
 * Has shards of a run computed again: those of `body`, or all.
 *
 * @throws SchedulerError RUN_STATE, BAD_REQUEST; RunError RUN_STATE if the input of a shard was removed
 */
export async function startRedo(
  view: RunView,
  body: RedoBody,
  { redos, clock }: RedoOptions,
): Promise<Redone> {
  const { state, record } = view;
  if (!isPossible(state, "uncommitted")) {
    const remedy =
      state === "planning"
        ? "Wait until it is planned."
        : `Run \`nightbeam retry ${record.runId}\` first.`;
    throw new SchedulerError("RUN_STATE", `The run is ${state}. ${remedy}`);
  }
  const wanted = body.shards === undefined ? undefined : shardsIn(body.shards, view);
  const { chosen, unknown } = chooseShards(view.commits, { ...body, wanted });
  if (chosen.length > 0) {
    const before = await redos.get(record.runId);
    const left = before?.isApplied === false ? before.shards : [];
    const shards = [...new Set([...left, ...chosen])].toSorted((a, b) => a - b);
    const redo: Redo = { shards, at: isoTime(clock.now()), isApplied: false };
    // Found out before it is stored, because what is stored is tried again and again.
    await view.output.assertInputs(shards);
    await redos.put(record.runId, redo);
    await applyRedo(view, redos);
  }
  return { shards: chosen.length, unknown };
}

/** Continues what a scheduler began. @returns whether the files of the run have changed */
export async function applyRedo(view: RunView, redos: Documents<Redo>): Promise<boolean> {
  const { runId } = view.record;
  const redo = await redos.get(runId);
  if (redo === undefined) return false;
  if (redo.isApplied) {
    if (view.state === "complete") await redos.remove(runId);
    return false;
  }
  if (!isPossible(view.state, "uncommitted")) return false;
  await view.output.uncommit(redo.shards);
  await redos.put(runId, { ...redo, isApplied: true });
  return true;
}

/** The committed shards that fit. */
export function chooseShards(
  commits: readonly Pick<PartRecord, "index" | "verifiers">[],
  {
    wanted,
    answeredBy,
    since,
  }: Omit<RedoBody, "shards"> & { readonly wanted?: ReadonlySet<number> | undefined },
): { readonly chosen: readonly number[]; readonly unknown: number } {
  const named = commits.filter(({ index }) => wanted === undefined || wanted.has(index));
  const asked = answeredBy !== undefined || since !== undefined;
  const from = since === undefined ? Number.NEGATIVE_INFINITY : Date.parse(since);
  const fits = ({ verifiers }: Pick<PartRecord, "verifiers">) =>
    verifiers?.some(({ name, lastAt }) => {
      return (answeredBy === undefined || name === answeredBy) && Date.parse(lastAt) >= from;
    }) === true;
  return {
    chosen: named.filter((one) => !asked || fits(one)).map(({ index }) => index),
    unknown: asked ? named.filter(({ verifiers }) => verifiers === undefined).length : 0,
  };
}

/** `3,7-9` as indices. @throws SchedulerError BAD_REQUEST */
function shardsIn(text: string, { standing }: Pick<RunView, "standing">): ReadonlySet<number> {
  const shards = new Set<number>();
  for (const range of text.split(",")) {
    const [first = 0, last = first] = range.split("-").map(Number);
    if (first > last || last >= standing.shards) {
      throw new SchedulerError(
        "BAD_REQUEST",
        `--shards ${range}: the run has the shards 0 to ${standing.shards - 1}. Write numbers and ranges, as 3,7-9.`,
      );
    }
    for (let index = first; index <= last; index++) shards.add(index);
  }
  return shards;
}
