export { RecommendError, type RecommendErrorCode } from "./errors.js";
export {
  batchesAtOnce,
  cacheDirectory,
  type ModelSettings,
  workerCount,
} from "./models/cpu-model.js";
export { draftPolicy } from "./models/draft-policy.js";
export { openCandidates } from "./models/open-candidates.js";
export { type DraftContext, type OpenDrafts, openDrafts } from "./models/open-drafts.js";
export { type ModelNames, type OpenModels, openModels } from "./models/open-models.js";
export type { ReadLists, ReadListsOptions } from "./models/read-lists.js";
export { type DecodedRows, decodeRows, type RowsOptions } from "./shard/decode-rows.js";
export { expandItems } from "./shard/expand-items.js";
export { type ReaderOptions, type Reading, type ReadyUser, userReader } from "./shard/users.js";
