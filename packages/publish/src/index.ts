export {
  DEFAULT_NAME,
  type DestinationOptions,
  NAME_PATTERN,
  openDestination,
} from "./destinations/open-destination.js";
export type { PublishedList } from "./encoding.js";
export { PublishError, type PublishErrorCode } from "./errors.js";
export type { ListStore } from "./list-store.js";
export { parseRate, type Rate } from "./pace.js";
export {
  DEFAULT_RETENTION,
  type Publication,
  type PublishOptions,
  publishRun,
} from "./publish-run.js";
export { rollBack, type Switched } from "./switch.js";
export type { Pointer, Version, VersionRecord } from "./version.js";
