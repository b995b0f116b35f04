export { Closers, loggedClosers, openWith } from "./closers.js";
export { runService, type Service, type ServiceDeps } from "./run-service.js";
export { serviceCommand } from "./service-command.js";
