export { runService, type Service, type ServiceDeps } from "./run-service.js";
export { type ServiceCommand, serviceCommand } from "./service-command.js";
