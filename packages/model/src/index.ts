export {
  answersHash,
  type Checkpoint,
  checkpointHash,
  openCheckpoint,
} from "./checkpoint/checkpoint.js";
export { convertCheckpoint } from "./checkpoint/convert.js";
export { isLevelHeadsCheckpoint } from "./checkpoint/level-heads.js";
export { PRECISIONS, type Precision } from "./checkpoint/precision.js";
export { CPU, type Device, type DeviceKind, deviceName } from "./devices/device.js";
export { type DeviceReport, listDevices } from "./devices/list-devices.js";
export type { DeviceProblem } from "./devices/problems.js";
export { ModelError, type ModelErrorCode } from "./errors.js";
export type { ExampleUser, NamedToken } from "./inspect/describe-prompts.js";
export { type CheckpointReport, inspectCheckpoint } from "./inspect/inspect-checkpoint.js";
export { PROJECT_PROMPTS, PROJECTS } from "./inspect/projects.js";
export type { ModelOptions } from "./load-model.js";
export { type LevelHeadsModel, openLevelHeads } from "./open-level-heads.js";
export { type Model, openModel, type ScorerThread } from "./open-model.js";
export { openSearcher, type SearcherModel, type SearcherThread } from "./open-searcher.js";
export { openPrompts, type Prompts, promptColumns, promptsHash } from "./prompt/open-prompts.js";
export type { PromptEncoder } from "./prompt/prompt-encoder.js";
export { PROMPT_SPEC_FILE } from "./prompt/prompt-spec.js";
export { searchedCatalogue } from "./prompt/searched-catalogue.js";
export { measureMatrixRate } from "./runtime/matrix-rate.js";
