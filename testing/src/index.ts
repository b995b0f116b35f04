export { all, until } from "./async.js";
export { catalogueOf, fullCatalogue } from "./catalogues.js";
export { put, useTempDir, useTempDirs } from "./directories.js";
export { FakeTime, settle } from "./fake-time.js";
export { fuzzRuns, mutated } from "./fuzz.js";
export { below, type Random, seeded } from "./random.js";
export { someRun } from "./run-status.js";
export { type SearcherParts, searcherOf } from "./searcher.js";
export { type CodedError, refusal, refusalOf, thrownBy } from "./thrown.js";
