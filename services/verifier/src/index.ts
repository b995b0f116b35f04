export { verifierCommand } from "./command/verifier-command.js";
export type { VerifierError } from "./errors.js";
