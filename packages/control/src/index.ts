export { type Announcement, type Control, openControl } from "./control.js";
export { ControlError, type ControlErrorCode } from "./errors.js";
export { combineDirectories, staticVerifiers } from "./nodes/directories.js";
export type { NodeStatus } from "./nodes/status.js";
export type { Rollouts } from "./rollouts/rollouts.js";
export { controlOf, withControl } from "./with-control.js";
