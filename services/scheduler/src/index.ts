export { schedulerCommand } from "./command.js";
export type { SchedulerError } from "./errors.js";
export { schedulerSchema } from "./options.js";
export { type RunningScheduler, type SchedulerDeps, startScheduler } from "./start-scheduler.js";
