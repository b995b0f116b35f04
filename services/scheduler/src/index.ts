export { schedulerCommand } from "./command.js";
export { SchedulerError, type SchedulerErrorCode } from "./errors.js";
export { type SchedulerOptions, schedulerSchema } from "./options.js";
export { type RunningScheduler, type SchedulerDeps, startScheduler } from "./start-scheduler.js";
