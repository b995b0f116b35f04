export { directoryStore } from "./directory-store.js";
export {
  readFailure,
  StoreError,
  type StoreErrorCode,
  systemCode,
  writeFailure,
} from "./errors.js";
export { directoryFiles, removeTempFiles } from "./files/directory-files.js";
export {
  createDurably,
  fileSize,
  fingerprint,
  isTempName,
  makeDirectoryDurably,
  publish,
  syncFile,
  tempPath,
  writeDurably,
} from "./files/durable.js";
export type { RecordFiles } from "./files/record-files.js";
export { parseLocation } from "./location.js";
export { type OpenedStore, openStore } from "./open-store.js";
export type { ShardStore } from "./shard-store.js";
export { storeFailed, storeGone } from "./store-errors.js";
