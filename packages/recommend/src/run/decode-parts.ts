import type { Histories, TeacherLog } from "@nightbeam/dataset";
import type { Run } from "@nightbeam/run";
import { keepsAnswers, type RecommendSettings } from "@nightbeam/settings";
import type { RowsDecoder } from "../open-rows-decoder.js";
import type { OpenReuse } from "../reuse/open-reuse.js";
import { forEachPart } from "./for-each-part.js";
import type { RunOptions } from "./run-events.js";

/** Decodes and commits the parts that the run lacks. */
export async function decodeParts(
  run: Run,
  options: RunOptions & {
    readonly settings: Pick<
      RecommendSettings,
      | ("partSize" | "teacherSample" | "sampleSearches")
      | ("answers" | "verification" | "candidates")
    >;
    readonly histories: Histories;
    readonly rows: number;
    readonly decoder: RowsDecoder;
    readonly teacherLog: TeacherLog | undefined;
    /** Default: all lists are computed. */
    readonly reuse: OpenReuse | undefined;
  },
): Promise<void> {
  const { settings, histories, rows, decoder, teacherLog, reuse, onEvent } = options;
  const { partSize, teacherSample, sampleSearches } = settings;
  const before = [...run.committed.values()].reduce((sum, { rowCount }) => sum + rowCount, 0);
  if (before > 0) onEvent({ kind: "continued", done: before, total: rows });
  const counts = { done: before, total: rows, before, searches: 0, calls: 0 };
  const lap = stopwatch();
  const isDone = (index: number) => run.committed.has(index);
  await forEachPart(
    { histories, rows, partSize, isDone, signal: options.signal },
    async (index, part, signal) => {
      const { result, examples } = await decoder.decode(part, {
        teacherSample,
        sampleSearches,
        keepAnswers: keepsAnswers(settings),
        earlier: await reuse?.answersOf(index),
        signal,
        onProgress: ({ users, outcomes }) => {
          counts.done += users;
          counts.searches += outcomes.length;
          for (const { cost } of outcomes) counts.calls += cost.calls;
          onEvent({ kind: "progress", counts: { ...counts } });
        },
      });
      const log = await teacherLog?.write(index, examples);
      const stats = { ...result.stats, wallSeconds: lap() };
      const draftWidths = decoder.draftWidths();
      await run.commitPart({ ...result, index, stats, draftWidths, teacherLog: log });
    },
  );
}

/**
 * Returns the seconds since the last call: for any number of parts in progress, and over all
 * attempts at a run, the parts' seconds add up to the time that passed.
 */
function stopwatch(): () => number {
  let since = performance.now();
  return () => {
    const now = performance.now();
    const seconds = (now - since) / 1000;
    since = now;
    return seconds;
  };
}
