import type { Histories, HistoryRow } from "@nightbeam/dataset";
import { GROUPS_AT_ONCE } from "../open-rows-decoder.js";

/** The rows of a run, and which of its parts are missing. */
export interface PartsToDo {
  readonly histories: Pick<Histories, "read">;
  /** Rows of the run, from the first of the file. */
  readonly rows: number;
  readonly partSize: number;
  readonly isDone: (index: number) => boolean;
  readonly signal: AbortSignal;
}

/**
 * Streams the rows of the parts that are missing, and calls `handle` for each part, a few at a time.
 * The first failure, or the signal, stops the others; nothing keeps running after the promise settles.
 *
 * @throws what reading or `handle` threw; the signal's reason
 */
export async function forEachPart(
  todo: PartsToDo,
  handle: (index: number, rows: readonly HistoryRow[], signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const { histories, rows, partSize, isDone } = todo;
  const parts = Math.ceil(rows / partSize);
  let index = 0;
  while (index < parts && isDone(index)) index++;
  if (index === parts) return;
  const offset = index * partSize;
  const failure = new AbortController();
  const signal = AbortSignal.any([todo.signal, failure.signal]);
  const active = new Set<Promise<void>>();
  const start = (part: number, partRows: readonly HistoryRow[]): void => {
    const task: Promise<void> = handle(part, partRows, signal)
      .catch((error: unknown) => failure.abort(error))
      .finally(() => active.delete(task));
    active.add(task);
  };
  try {
    const window = { offset, limit: rows - offset, chunkRows: partSize };
    for await (const partRows of histories.read(window)) {
      signal.throwIfAborted();
      if (!isDone(index)) start(index, partRows);
      index++;
      if (active.size >= GROUPS_AT_ONCE) await Promise.race(active);
    }
  } catch (error) {
    failure.abort(error);
  }
  await Promise.all(active);
  signal.throwIfAborted();
}
