export { schedulerCommand } from "./command.js";
