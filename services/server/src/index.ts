export { serveCommand } from "./command/server-command.js";
export { ServerError } from "./errors.js";
export { type ServerOptions, serverSchema } from "./options/options.js";
export type { RunningServer } from "./server-service.js";
export { type ServerDeps, startServer } from "./start-server.js";
