export { readItemFilter } from "./catalogues/item-filter.js";
export { type ItemListOptions, readItemList } from "./catalogues/item-list.js";
export {
  type CatalogueFormat,
  openCatalogue,
  writePreparedCatalogue,
} from "./catalogues/open-catalogue.js";
export { TableWriter } from "./engine/append.js";
export { type EngineOptions, queryNumber, streamColumns, withEngine } from "./engine/engine.js";
export { numberValue, textValue } from "./engine/values.js";
export {
  DatasetError,
  type DatasetErrorCode,
  readFailure,
  reasonOf,
  systemCode,
  writeFailure,
} from "./errors.js";
export type { FileFormat } from "./files/file-format.js";
export { fileHash } from "./files/file-hash.js";
export { type Line, readLines } from "./files/lines.js";
export { openTextTable, type TextRecord } from "./files/text-table.js";
export type {
  History,
  HistoryRow,
  RejectedHistory,
  RejectReason,
} from "./histories/history-row.js";
export type { HistoryColumns, HistoryLayout, HistorySource } from "./histories/history-source.js";
export { idOf, idProblem } from "./histories/ids.js";
export {
  countHistories,
  type ReadHistoriesOptions,
  readHistories,
} from "./histories/read-histories.js";
export type { RowWindow } from "./histories/window.js";
export type { RankingAtK } from "./metrics/averages.js";
export { evaluateRanking, type RankingReport } from "./metrics/evaluate-ranking.js";
export { type RankingScore, scoreRanking } from "./metrics/ranking.js";
export type { UnseenAtK, UnseenReport } from "./metrics/unseen.js";
export {
  compareLists,
  type ListComparison,
  type ListDifference,
} from "./recommendations/compare-lists.js";
export { listsDigest } from "./recommendations/lists-digest.js";
export {
  type RecommendationFile,
  readRecommendationFile,
  readRecommendationFiles,
} from "./recommendations/read-part.js";
export type { Recommendation, RecommendedItem } from "./recommendations/recommendation.js";
export {
  type PartAttempt,
  type PartFormat,
  type PartSource,
  partName,
  type Recommendations,
  type WrittenPart,
  writeAttempt,
  writePart,
} from "./recommendations/write-part.js";
export { readSplits, type SplitUser } from "./splits/read-splits.js";
export { type TeacherExample, teacherExample } from "./teacher/example.js";
export type { TeacherSource } from "./teacher/teacher-data.js";
export { openTeacherLog, type TeacherLog } from "./teacher/teacher-log.js";
