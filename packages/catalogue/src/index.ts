export { allowOnly } from "./allow-only.js";
export type { CatalogueEntry, EncodedEntry } from "./build.js";
export { buildCatalogue, CatalogueBuilder } from "./build.js";
export type { Catalogue } from "./catalogue.js";
export { type CatalogueChange, catalogueChange, GAINS, GONE, NEW } from "./change.js";
export { addClosingLevels, codesAt } from "./closing-levels.js";
export { type PathValue, parseCodePath } from "./code-path.js";
export type { CatalogueErrorCode } from "./errors.js";
export { CatalogueError } from "./errors.js";
export { excerpt, excerpts, jsonProblem, schemaProblem } from "./excerpt.js";
export type { Exclusion } from "./exclusion.js";
export { excludeItems, NOTHING_EXCLUDED } from "./exclusion.js";
export type { CatalogueFilter } from "./filter.js";
export { filterCatalogue, filteredOut } from "./filter.js";
export { findSlot, type IdSlots, slotsFor } from "./id-slots.js";
export { LcRecReader, parseLcRecIndex } from "./lc-rec.js";
export { decodePrepared, encodePrepared } from "./prepared.js";
export type {
  ReadonlyFloat64Array,
  ReadonlyInt32Array,
  ReadonlyUint16Array,
  ReadonlyUint32Array,
} from "./readonly-arrays.js";
export { type SharedPath, type SharedPaths, sharedPaths } from "./shared-paths.js";
export type { NodeRange, Trie } from "./trie.js";
export {
  childCodes,
  childCount,
  childOf,
  childRange,
  codesPerLevel,
  depthOf,
  findPrefix,
  leafRange,
  levelWidths,
  MAX_CLOSING_LEVELS,
  parentOf,
  pathOf,
  ROOT,
} from "./trie.js";
