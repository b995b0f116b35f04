export {
  answersHash,
  type Checkpoint,
  checkpointHash,
  openCheckpoint,
} from "./checkpoint/checkpoint.js";
export { convertCheckpoint, type Precision } from "./checkpoint/convert.js";
export { isHeadsCheckpoint } from "./checkpoint/level-heads.js";
export type { ModelConfig } from "./checkpoint/model-config.js";
export { ModelError, type ModelErrorCode } from "./errors.js";
export type { ModelOptions } from "./load-model.js";
export { type HeadsModel, openHeads } from "./open-heads.js";
export { type Model, openModel } from "./open-model.js";
export {
  openPrompts,
  type Prompts,
  type PromptsOptions,
  promptsHash,
} from "./prompt/open-prompts.js";
export type { PromptEncoder } from "./prompt/prompt-encoder.js";
export type { PromptSpec } from "./prompt/prompt-spec.js";
export { measureMatrixRate } from "./runtime/matrix-rate.js";
export type { PoolWorker } from "./runtime/model-pool.js";
