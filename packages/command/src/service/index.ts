export { runService, type Service, type ServiceDeps, type ServiceOptions } from "./run-service.js";
export { type ServiceCommand, serviceCommand } from "./service-command.js";
