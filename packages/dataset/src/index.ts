export {
  type AllowLists,
  allowListsHash,
  readAllowLists,
  readUserGroups,
} from "./catalogues/allow-lists.js";
export { readItemFilter, readItemList, readItemOrder } from "./catalogues/item-list.js";
export { openCatalogue, writePreparedCatalogue } from "./catalogues/open-catalogue.js";
export { readTitles, type Titles } from "./catalogues/titles.js";
export { TableWriter } from "./duckdb/append.js";
export {
  type DuckDbOptions,
  queryNumber,
  streamColumns,
  withDuckDb,
} from "./duckdb/open-duckdb.js";
export { UserJoin, type UserJoinOptions } from "./duckdb/user-join.js";
export { numberValue, textValue } from "./duckdb/values.js";
export { DatasetError, readFailure, writeFailure } from "./errors.js";
export { fileHash } from "./files/file-hash.js";
export { type InputPaths, inputFiles, inputHash } from "./files/input-files.js";
export { type Line, readLines } from "./files/lines.js";
export { openTextTable, type TextRecord } from "./files/text-table.js";
export type { HistoryColumns } from "./histories/columns.js";
export type { History, HistoryRow } from "./histories/history-row.js";
export type { DuplicateUsers } from "./histories/history-source.js";
export { idOf, idProblem } from "./histories/ids.js";
export { type Histories, openHistories } from "./histories/open-histories.js";
export { countHistories, readHistories } from "./histories/read-histories.js";
export type { RankingAtK } from "./metrics/averages.js";
export { evaluateRanking, type RankingReport } from "./metrics/evaluate-ranking.js";
export { scoreRanking } from "./metrics/ranking.js";
export type { UnseenReport } from "./metrics/unseen.js";
export { compareLists, sharedItems } from "./recommendations/compare-lists.js";
export { listsDigest, listsHash } from "./recommendations/lists-digest.js";
export {
  type RecommendationFile,
  readRecommendationFile,
  readRecommendationFiles,
} from "./recommendations/read-part.js";
export type { Recommendation, RecommendedItem } from "./recommendations/recommendation.js";
export {
  type PartFormat,
  type PartLayout,
  partName,
  type Recommendations,
  type WrittenFile,
  type WrittenPart,
  writePart,
  writePartFile,
} from "./recommendations/write-part.js";
export { readSplits } from "./splits/read-splits.js";
export { type TeacherExample, teacherExample } from "./teacher/example.js";
export { openTeacherLog, type TeacherLog } from "./teacher/teacher-log.js";
