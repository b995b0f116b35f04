export { verificationProblem } from "./cluster-verification.js";
export {
  DRAFT_FORMS,
  type DraftName,
  draftAt,
  draftVersion,
  parseDraftName,
} from "./draft-name.js";
export { SettingsError, type SettingsErrorCode } from "./errors.js";
export { flagOf, flagOfPath } from "./flag-of.js";
export { plannedArguments } from "./planned-arguments.js";
export {
  parseRunRequest,
  type RunRequest,
  type RunRequestInput,
  runRequestSchema,
} from "./request-schema.js";
export {
  canBeDrawnFrom,
  checkRelaxed,
  dependsOnDraft,
  type GivenVerification,
  usualBeamWidth,
  verificationOf,
} from "./verification.js";
