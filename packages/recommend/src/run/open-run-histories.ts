import { type Histories, openHistories } from "@nightbeam/dataset";
import { promptColumns } from "@nightbeam/model";
import type { RecommendSettings } from "@nightbeam/settings";

/** The settings that say which rows a run has. */
export type HistorySettings = Pick<
  RecommendSettings,
  "histories" | "columns" | "duplicateUsers" | "limit" | "target"
>;

/**
 * Opens the histories of a run, with the columns that its target's prompts show. The caller closes them.
 *
 * @throws DatasetError, ModelError; the signal's reason
 */
export async function openRunHistories(
  { histories: path, columns, duplicateUsers, limit, target }: HistorySettings,
  signal: AbortSignal,
): Promise<Histories> {
  const texts = await promptColumns(target);
  return openHistories({ path, columns, texts, duplicateUsers, limit, signal });
}
