export { schedulerCommand } from "./command.js";
export { schedulerSchema } from "./options.js";
export { type RunningScheduler, type SchedulerDeps, startScheduler } from "./start-scheduler.js";
