import type { HistoryRow } from "./history-row.js";
import type { HistorySource } from "./history-source.js";
import { openHistories } from "./open-histories.js";
import type { RowWindow } from "./window.js";
import { windowOf } from "./window.js";

/** Files of histories, and the rows to read. */
export interface ReadHistoriesOptions extends HistorySource, RowWindow {}

/**
 * Streams the histories of files in chunks: `openHistories` for a single reading.
 *
 * A malformed row is returned as rejected, and does not stop the reading.
 *
 * @throws DatasetError as `openHistories`, at the first chunk; UNREADABLE for damage later in a file
 */
export async function* readHistories(options: ReadHistoriesOptions): AsyncGenerator<HistoryRow[]> {
  const { offset, limit, chunkRows, ...source } = options;
  const window = { offset, limit, chunkRows };
  windowOf(window);
  const histories = await openHistories(source);
  try {
    yield* histories.read(window);
  } finally {
    await histories.close();
  }
}

/** The number of rows that `readHistories` returns without a window. @throws DatasetError as it does */
export async function countHistories(source: HistorySource): Promise<number> {
  const histories = await openHistories(source);
  try {
    return await histories.count();
  } finally {
    await histories.close();
  }
}
