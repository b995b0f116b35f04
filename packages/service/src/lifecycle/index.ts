export { Closers, loggedClosers, openWith } from "./closers.js";
export type { Service, ServiceDeps } from "./run-service.js";
export { serviceCommand } from "./service-command.js";
