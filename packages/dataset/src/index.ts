export { readItemFilter } from "./catalogues/item-filter.js";
export type { ItemListOptions } from "./catalogues/item-list.js";
export { readItemList } from "./catalogues/item-list.js";
export type { CatalogueFormat } from "./catalogues/open-catalogue.js";
export { openCatalogue, writePreparedCatalogue } from "./catalogues/open-catalogue.js";
export type { EngineOptions } from "./engine/engine.js";
export type { DatasetErrorCode } from "./errors.js";
export { DatasetError } from "./errors.js";
export { directoryFiles, removeTempFiles } from "./files/directory-files.js";
export {
  fileSize,
  fingerprint,
  isTempName,
  makeDirectoryDurably,
  publish,
  syncFile,
  tempPath,
} from "./files/durable.js";
export type { FileFormat } from "./files/file-format.js";
export { fileHash } from "./files/file-hash.js";
export { mapAtMost } from "./files/map-at-most.js";
export type { RecordFiles } from "./files/record-files.js";
export type {
  History,
  HistoryRow,
  RejectedHistory,
  RejectReason,
} from "./histories/history-row.js";
export type { HistoryColumns, HistoryLayout, HistorySource } from "./histories/history-source.js";
export type { ReadHistoriesOptions } from "./histories/read-histories.js";
export { countHistories, readHistories } from "./histories/read-histories.js";
export type { RowWindow } from "./histories/window.js";
export { amazonFiles } from "./import/amazon.js";
export { goodreadsFiles } from "./import/goodreads.js";
export type { ImportOptions, ImportReport } from "./import/import-dataset.js";
export { importDataset } from "./import/import-dataset.js";
export { movielensFiles } from "./import/movielens.js";
export type { OwnerFiles } from "./import/owner-files.js";
export type { Shares } from "./import/split-events.js";
export type { RankingAtK } from "./metrics/averages.js";
export type { RankingReport } from "./metrics/evaluate-ranking.js";
export { evaluateRanking } from "./metrics/evaluate-ranking.js";
export type { RankingScore } from "./metrics/ranking.js";
export { scoreRanking } from "./metrics/ranking.js";
export type { UnseenAtK, UnseenReport } from "./metrics/unseen.js";
export type { ListComparison, ListDifference } from "./recommendations/compare-lists.js";
export { compareLists } from "./recommendations/compare-lists.js";
export { listsDigest } from "./recommendations/lists-digest.js";
export type { RecommendationFile } from "./recommendations/read-part.js";
export { readRecommendationFile } from "./recommendations/read-part.js";
export type { Recommendation, RecommendedItem } from "./recommendations/recommendation.js";
export type {
  PartFormat,
  PartSource,
  Recommendations,
  WrittenPart,
} from "./recommendations/write-part.js";
export { writePart } from "./recommendations/write-part.js";
export type { Journal } from "./run/journal.js";
export { directoryJournal, openJournal } from "./run/journal.js";
export type { RunTotals } from "./run/manifest.js";
export { makeManifest } from "./run/manifest.js";
export { openRun } from "./run/open-run.js";
export type { PartResult } from "./run/part.js";
export type { JsonValue, PlanDifference, RunPlan } from "./run/plan.js";
export {
  differencesText,
  firstRowOf,
  partCount,
  planDifferences,
  plannedRows,
  runPlanSchema,
  withDraftsOf,
} from "./run/plan.js";
export { readManifest, readRecommendations } from "./run/read-recommendations.js";
export { readRecord, recordBytes } from "./run/record-text.js";
export type { Manifest, PartRecord, RejectedRow } from "./run/records.js";
export {
  finiteStats,
  partRecordSchema,
  rejectedFileOf,
  rejectedText,
} from "./run/records.js";
export type { Run } from "./run/run.js";
export {
  MANIFEST_FILE,
  PARTS_DIRECTORY,
  PLAN_FILE,
  partName,
  REJECTED_FILE,
} from "./run/run-files.js";
export type { RunState } from "./run/state.js";
export { readSplits, type SplitUser } from "./splits/read-splits.js";
export type { TeacherExample } from "./teacher/example.js";
export { teacherExample } from "./teacher/example.js";
export type { TeacherSource } from "./teacher/teacher-data.js";
export { openTeacherLog, type TeacherLog } from "./teacher/teacher-log.js";
