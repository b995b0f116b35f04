import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { UsageError } from "../errors.js";
import { reasonOf } from "../log/index.js";
import { formatHostPort, type HostPort } from "../options/host-port.js";

export interface HealthOptions {
  /** Port 0 picks a free one. */
  readonly address: HostPort;
  /** Why the service takes no work now, a sentence each. Empty: it is ready. Called for every `/readyz`. */
  readonly notReady: () => readonly string[];
}

/** A small HTTP server for probes. */
export interface HealthServer {
  /** http://host:port */
  readonly url: string;
  close(): Promise<void>;
}

/** A probe is one short request, so nothing here needs long. */
const REQUEST_MS = 5_000;
const MAX_CONNECTIONS = 64;

/**
 * Serves `GET /healthz`, which is 200 while the process answers, and `GET /readyz`, which is 200 if it takes work and
 * 503 with the reasons if not. Start it before everything else, so that a probe sees why a start takes long.
 *
 * @throws UsageError BAD_OPTION if the address cannot be used
 */
export function serveHealth({ address, notReady }: HealthOptions): Promise<HealthServer> {
  const server = createServer(
    { requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS, connectionsCheckingInterval: 1_000 },
    (request, response) => answer(request, response, notReady),
  );
  server.maxConnections = MAX_CONNECTIONS;
  return new Promise((resolve, reject) => {
    server.once("error", (error) => reject(cannotListen(address, error)));
    server.listen(address, () => {
      server.removeAllListeners("error");
      // A failed accept must not end the service.
      server.on("error", () => undefined);
      const url = `http://${formatHostPort({ ...address, port: portOf(server, address) })}`;
      resolve({ url, close: () => closeServer(server) });
    });
  });
}

function answer(
  { method, url = "" }: IncomingMessage,
  response: ServerResponse,
  notReady: HealthOptions["notReady"],
): void {
  const send = (status: number, body: object) => {
    const text = `${JSON.stringify(body)}\n`;
    response
      .writeHead(status, { "content-type": "application/json", connection: "close" })
      .end(method === "HEAD" ? "" : text);
  };
  if (method !== "GET" && method !== "HEAD") {
    send(405, { status: "only GET and HEAD" });
    return;
  }
  const [path] = url.split("?");
  if (path === "/healthz") send(200, { status: "ok" });
  else if (path === "/readyz") {
    const reasons = notReady();
    if (reasons.length === 0) send(200, { status: "ready" });
    else send(503, { status: "not ready", reasons });
  } else send(404, { status: "not found", paths: ["/healthz", "/readyz"] });
}

function cannotListen(address: HostPort, error: Error): UsageError {
  return new UsageError(
    "BAD_OPTION",
    `cannot serve health checks on ${formatHostPort(address)}: ${reasonOf(error)}. ` +
      "Use another --health-listen.",
    { cause: error },
  );
}

function portOf(server: Server, { port }: HostPort): number {
  const address = server.address();
  return address === null || typeof address === "string" ? port : address.port;
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
