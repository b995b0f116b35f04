export type { TensorFormat } from "./checkpoint/number-formats.js";
export { type CheckpointKind, LLAMA_KINDS, T5_KINDS } from "./checkpoint/variations.js";
export {
  type CheckpointOptions,
  type ModelShape,
  writeCheckpoint,
} from "./checkpoint/write-checkpoint.js";
export { editJson, jsonLines, type UserLine, usersOf, writeUsers } from "./files.js";
export { streamHistories } from "./histories/stream-histories.js";
export { flagsOf, SMALL_WORLD, type TestWorld, useWorld } from "./use-world.js";
export { type World, type WorldOptions, writeWorld } from "./write-world.js";
