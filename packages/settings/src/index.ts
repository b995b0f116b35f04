export { DEFAULTS } from "./defaults.js";
export { deviceField } from "./device.js";
export {
  DRAFT_FORMS,
  type DraftName,
  draftAt,
  draftTraits,
  draftVersion,
  parseDraftName,
} from "./draft-name.js";
export { issueText, SettingsError, type SettingsErrorCode, type SettingsIssue } from "./errors.js";
export {
  columnsField,
  columnsOf,
  historyFields,
  listFields,
  machineFields,
  objectProblem,
  placeFields,
  typedColumnsField,
  widthsOf,
} from "./fields.js";
export { type ListSettings, plannedArguments } from "./planned-arguments.js";
export {
  parseRecommendSettings,
  type RecommendSettings,
  recommendFields,
} from "./recommend-settings.js";
export { keepsAnswers, NO_REUSE, reusedRun } from "./reuse.js";
export { checkRules, clusterProblem, historiesProblem } from "./rules.js";
export {
  assertRunRequest,
  parseRunRequest,
  type RunRequest,
  type RunRequestInput,
  requestFields,
  runRequestSchema,
} from "./run-request.js";
export { needsTreeCalls, programNamed, type SearchSetting } from "./search.js";
export { dependsOnDraft, usualBeamWidth, verificationOf } from "./verification.js";
