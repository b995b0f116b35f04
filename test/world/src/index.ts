export type { ModelShape } from "./checkpoint/model-shape.js";
export type { TensorFormat } from "./checkpoint/number-formats.js";
export type { CheckpointKind } from "./checkpoint/variations.js";
export { CHECKPOINT_KINDS } from "./checkpoint/variations.js";
export type { CheckpointOptions } from "./checkpoint/write-checkpoint.js";
export { writeCheckpoint } from "./checkpoint/write-checkpoint.js";
export { streamHistories } from "./histories/stream-histories.js";
export type { World, WorldOptions } from "./write-world.js";
export { writeWorld } from "./write-world.js";
