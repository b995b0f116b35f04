export { RecommendError, type RecommendErrorCode } from "./errors.js";
export { draftPolicy, levelsOf, policyOf } from "./models/draft-policy.js";
export {
  batchesAtOnce,
  cacheDirectory,
  type ModelSettings,
  workerCount,
  workersNote,
} from "./models/machine-model.js";
export { type DraftContext, type OpenDrafts, openDrafts } from "./models/open-drafts.js";
export {
  type ModelNames,
  type OpenModels,
  openModels,
  openRunModels,
} from "./models/open-models.js";
export { type WatchedPolicy, watchedPolicy } from "./models/watched-policy.js";
export {
  chooseProgram,
  describeChoice,
  estimatedMsPerUser,
  type ProgramChoice,
  type ProgramOptions,
} from "./program/choose-program.js";
export { CostTracker, describeLine } from "./program/cost-tracker.js";
export type { AvailableProgram } from "./program/estimate-cost.js";
export { type CostLine, fitLine, type TimedPass } from "./program/fit-line.js";
export { plannedProgram, programFor, programOfPlan } from "./program/planned-program.js";
export {
  type CallOptions,
  openRecommender,
  type Recommender,
  type Rejection,
  readFilter,
  type UserList,
} from "./recommender/open-recommender.js";
export {
  type ParsedRecommenderSettings,
  parseRecommenderSettings,
  type RecommenderSettings,
} from "./recommender/recommender-settings.js";
export type { UserHistory, Users } from "./recommender/user-source.js";
export { comparedCatalogue } from "./reuse/compared-catalogue.js";
export { type AnswersOptions, type EarlierAnswers, keptOutcome } from "./reuse/known-answers.js";
export { type ListQuestions, listQuestions } from "./reuse/list-questions.js";
export { type CandidateJoin, openCandidateJoin } from "./run/candidate-join.js";
export { openRunHistories } from "./run/open-run-histories.js";
export { recommendRun } from "./run/recommend-run.js";
export type { ProgressCounts, RecommendEvent } from "./run/run-events.js";
export { type OriginSettings, runOrigin } from "./run/run-origin.js";
export { candidateVersions, itemOrderVersion } from "./run/run-plan.js";
export { type DecodedRows, decodeRows, type RowsOptions } from "./shard/decode-rows.js";
export { expandItems, type ListRules } from "./shard/expand-items.js";
export { type ItemOrderOptions, type ItemWeights, readItemWeights } from "./shard/item-order.js";
export { type AcceptingOptions, listDecoders } from "./shard/list-decoders.js";
export { listNotes, type NotedSettings } from "./shard/list-notes.js";
export { shardAccepting } from "./shard/shard-accepting.js";
export {
  type GroupAnswer,
  openUserGroups,
  type UserGroups,
  type UserGroupsOptions,
  userGroupsVersions,
} from "./shard/user-groups.js";
export { type ReaderOptions, type Reading, type ReadyUser, userReader } from "./shard/users.js";
