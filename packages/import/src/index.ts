export { amazonFiles } from "./amazon.js";
export { goodreadsFiles } from "./goodreads.js";
export { type ImportOptions, type ImportReport, importDataset } from "./import-dataset.js";
export { movielensFiles } from "./movielens.js";
export type { OwnerFiles } from "./owner-files.js";
export type { Shares } from "./split-events.js";
