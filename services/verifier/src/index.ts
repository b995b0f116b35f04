export { verifierCommand } from "./command/verifier-command.js";
export { VerifierError, type VerifierErrorCode } from "./errors.js";
export { type VerifierOptions, verifierSchema } from "./options/options.js";
export { startVerifier, type VerifierDeps } from "./server/start-verifier.js";
export type { RunningVerifier } from "./server/verifier-service.js";
