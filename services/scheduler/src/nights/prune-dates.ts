import type { RunStatus } from "@nightbeam/api";
import { documents, type StateFiles } from "../state/documents.js";
import { readEach } from "../state/read-each.js";
import { nightDates, nightRecordSchema } from "./night-record.js";

export interface PruneDatesOptions {
  readonly files: StateFiles;
  readonly runs: { get(runId: string): Promise<RunStatus | undefined> };
  /** Epoch milliseconds. */
  readonly before: number;
  readonly isDryRun: boolean;
}

/**
 * Removes what is known of dates before a time: not the last one of a night, by which missed nights are found, nor
 * those of runs that are kept.
 *
 * @returns their number
 */
export async function pruneDates(options: PruneDatesOptions): Promise<number> {
  const { files, runs, before, isDryRun } = options;
  const nights = documents({ files, folder: "nights", schema: nightRecordSchema });
  const { read } = await readEach(await nights.keys(), async (name) => {
    const dates = nightDates(files, name);
    let count = 0;
    for (const date of (await dates.keys()).slice(0, -1)) {
      const started = await dates.get(date);
      if (started === undefined || Date.parse(started.at) >= before) continue;
      const { runId } = started;
      if (runId !== undefined && (await runs.get(runId)) !== undefined) continue;
      if (!isDryRun) await dates.remove(date);
      count++;
    }
    return count;
  });
  return read.reduce((sum, count) => sum + count, 0);
}
