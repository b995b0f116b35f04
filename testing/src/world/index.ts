export type { ModelShape } from "./checkpoint/model-shape.js";
export type { TensorFormat } from "./checkpoint/number-formats.js";
export { CHECKPOINT_KINDS, type CheckpointKind } from "./checkpoint/variations.js";
export { type CheckpointOptions, writeCheckpoint } from "./checkpoint/write-checkpoint.js";
export { editJson, jsonLines, type UserLine, usersOf, writeUsers } from "./files.js";
export { streamHistories } from "./histories/stream-histories.js";
export { flagsOf, SMALL_WORLD, type TestWorld, useWorld } from "./use-world.js";
export { type World, type WorldOptions, writeWorld } from "./write-world.js";
