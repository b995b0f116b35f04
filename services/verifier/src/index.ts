export { verifierCommand } from "./command/verifier-command.js";
