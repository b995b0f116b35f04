export { drafterCommand } from "./command/drafter-command.js";
export type { RunningDrafter } from "./drafter-service.js";
export { DrafterError, type DrafterErrorCode } from "./errors.js";
export { type DrafterOptions, drafterSchema } from "./options/options.js";
export { type DrafterDeps, type DrafterTiming, startDrafter } from "./start-drafter.js";
