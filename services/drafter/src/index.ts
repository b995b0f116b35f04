export { drafterCommand } from "./command/drafter-command.js";
