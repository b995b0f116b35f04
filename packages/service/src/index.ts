export { UsageError, type UsageErrorCode } from "./errors.js";
export { freePort } from "./free-port.js";
export { serveHealth } from "./http/serve-health.js";
export { type HttpServer, serveHttp } from "./http/serve-http.js";
export {
  gibibytes,
  listOf,
  numberOf,
  oneOf,
  shareOf,
  wholeNumber,
  words,
} from "./options/fields.js";
export { addFlags, type Flag, secretsIn } from "./options/flags.js";
export { formatHostPort, type HostPort, hostPort } from "./options/host-port.js";
export { DEFAULT_NAMESPACE, NAMESPACE_FLAG, namespaceField } from "./options/namespace.js";
export { type OptionFile, readOptionFile, refusedFile } from "./options/option-files.js";
export { areRequired, flagOf, parseOptions, withoutBlanks } from "./options/parse-options.js";
export { withRequired } from "./options/required.js";
export {
  controlFields,
  freshNodeName,
  HEALTH_FLAG,
  healthListen,
  LOG_FLAGS,
  METRICS_FLAG,
  NODE_NAME_FLAG,
  natsFlags,
  nodeName,
  serviceFields,
} from "./options/service-options.js";
export { readTls, type TlsBytes, tlsFlags } from "./options/tls.js";
export { type TlsClientOptions, tlsClientOptions, tlsProblem } from "./options/tls-client.js";
export { type Clock, inTime, repeat, systemClock, unlessAborted, within } from "./time.js";
export { readVersion } from "./version.js";
