export { drafterCommand } from "./command/drafter-command.js";
export type { RunningDrafter } from "./drafter-service.js";
export type { DrafterError } from "./errors.js";
export { drafterSchema } from "./options/options.js";
export { type DrafterDeps, startDrafter } from "./start-drafter.js";
