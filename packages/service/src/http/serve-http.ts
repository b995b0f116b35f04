import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { UsageError } from "../errors.js";
import { reasonOf } from "../log/index.js";
import { formatHostPort, type HostPort } from "../options/host-port.js";

export interface HttpOptions {
  /** Port 0 picks a free one. */
  readonly address: HostPort;
  /** The option that gave the address, such as --health-listen. */
  readonly flag: string;
  /** The answers by path. What throws is a 500 with the reason. */
  readonly pages: Readonly<Record<string, () => HttpAnswer | Promise<HttpAnswer>>>;
}

export interface HttpAnswer {
  readonly status: number;
  /** Text, or an object, which is sent as JSON. */
  readonly body: string | object;
  /** Default: JSON. */
  readonly contentType?: string;
}

/** A small HTTP server for probes and scrapers. */
export interface HttpServer {
  /** http://host:port */
  readonly url: string;
  close(): Promise<void>;
}

/** A probe is one short request, so nothing here needs long. */
const REQUEST_MS = 5_000;
const MAX_CONNECTIONS = 64;

/**
 * Answers GET and HEAD.
 *
 * @throws UsageError BAD_OPTION if the address cannot be used
 */
export function serveHttp(options: HttpOptions): Promise<HttpServer> {
  const { address } = options;
  const server = createServer(
    { requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS, connectionsCheckingInterval: 1_000 },
    (request, response) => void answer(request, response, options.pages),
  );
  server.maxConnections = MAX_CONNECTIONS;
  return new Promise((resolve, reject) => {
    server.once("error", (error) => reject(cannotListen(options, error)));
    server.listen(address, () => {
      server.removeAllListeners("error");
      // A failed accept must not end the service.
      server.on("error", () => undefined);
      const url = `http://${formatHostPort({ ...address, port: portOf(server, address) })}`;
      resolve({ url, close: () => closeServer(server) });
    });
  });
}

/** Never rejects. */
async function answer(
  { method, url = "" }: IncomingMessage,
  response: ServerResponse,
  pages: HttpOptions["pages"],
): Promise<void> {
  const { status, body, contentType = "application/json" } = await answerOf(method, url, pages);
  const text = typeof body === "string" ? body : `${JSON.stringify(body)}\n`;
  response
    .writeHead(status, { "content-type": contentType, connection: "close" })
    .end(method === "HEAD" ? "" : text);
}

async function answerOf(
  method: string | undefined,
  url: string,
  pages: HttpOptions["pages"],
): Promise<HttpAnswer> {
  if (method !== "GET" && method !== "HEAD") {
    return { status: 405, body: { status: "only GET and HEAD" } };
  }
  const page = new Map(Object.entries(pages)).get(url.split("?", 1)[0] ?? "");
  if (page === undefined) {
    return { status: 404, body: { status: "not found", paths: Object.keys(pages) } };
  }
  try {
    return await page();
  } catch (error) {
    return { status: 500, body: { status: "failed", reason: reasonOf(error) } };
  }
}

function cannotListen({ address, flag }: HttpOptions, error: Error): UsageError {
  return new UsageError(
    "BAD_OPTION",
    `cannot listen on ${formatHostPort(address)}: ${reasonOf(error)}. Use another ${flag}.`,
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
