export { directoryStore } from "./directory-store.js";
export {
  readFailure,
  readProblem,
  reasonOf,
  StoreError,
  type StoreErrorCode,
  storeFailed,
  storeGone,
  systemCode,
  writeFailure,
  writeProblem,
} from "./errors.js";
export { assertCreatable, type DataRoots, dataRoots } from "./files/data-roots.js";
export { directoryFiles } from "./files/directory-files.js";
export {
  createDurably,
  fileSize,
  fingerprint,
  isTempName,
  publish,
  syncFile,
  tempPath,
  writeDurably,
} from "./files/durable.js";
export { makeDirectory } from "./files/make-directory.js";
export { FILE_MODE } from "./files/modes.js";
export {
  assertRegular,
  openRegular,
  readChunks,
  readSmall,
  refuseKernelFile,
  streamRegular,
} from "./files/regular-file.js";
export { parseLocation } from "./location.js";
export { type OpenedStore, openStore } from "./open-store.js";
export type { RecordFiles, ShardStore } from "./shard-store.js";
