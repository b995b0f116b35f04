import { EventEmitter } from "node:events";
import type {
  Http2SecureServer,
  Http2Server,
  IncomingHttpHeaders,
  ServerHttp2Session,
  ServerHttp2Stream,
} from "node:http2";
import { type Server, status } from "@grpc/grpc-js";
import { retryAfter } from "../metadata.js";
import { Connections } from "./connections.js";
import type { StreamLimits } from "./stream-limits.js";

/** Milliseconds after which a client that was refused for lack of room may come again. */
const RETRY_AFTER_MS = 200;

type Handle = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, ...rest: unknown[]) => void;

/** Why a call is refused before its request is read. */
interface Refusal {
  readonly code: status;
  readonly details: string;
  /** Whether there may be room later. */
  readonly isPassing?: boolean;
}

/**
 * Guards a gRPC server against requests that take more memory or time than calls need: it decides before anything of
 * a request is kept. The library buffers requests, inflates them and holds connections without such limits.
 *
 * @param needDeadline Paths of methods that are refused without a deadline
 * @throws Error if the library does not show its servers: then nothing would be guarded
 */
export function guard(
  server: Server,
  { limits, needDeadline }: { limits: StreamLimits; needDeadline: ReadonlySet<string> },
): void {
  const held = { streams: 0, bytes: 0 };
  const connections = new Connections(limits);
  for (const http2Server of http2ServersOf(server)) {
    const handlers = http2Server.listeners("stream");
    http2Server.removeAllListeners("stream");
    http2Server.on("connection", (socket) => connections.opened(socket));
    http2Server.on("session", (session: ServerHttp2Session) => connections.began(session));
    const handle: Handle = (...event) => {
      for (const handler of handlers) Reflect.apply(handler, http2Server, event);
    };
    http2Server.on("stream", (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, ...rest) => {
      const refusal =
        refusalOf(headers, needDeadline) ?? roomOf(held, stream, { limits, connections });
      if (refusal !== undefined) {
        refuse(stream, refusal);
        return;
      }
      watch(stream, { held, limits, connections });
      handle(stream, headers, ...rest);
    });
  }
}

function refusalOf(
  headers: IncomingHttpHeaders,
  needDeadline: ReadonlySet<string>,
): Refusal | undefined {
  const { "grpc-encoding": encoding = "identity", "grpc-timeout": timeout } = headers;
  if (encoding !== "identity") {
    const details = "compressed messages are not accepted: send them with grpc-encoding identity";
    return { code: status.UNIMPLEMENTED, details };
  }
  if (timeout === undefined && needDeadline.has(headers[":path"] ?? "")) {
    return { code: status.INVALID_ARGUMENT, details: "the call has no deadline: set one" };
  }
  return undefined;
}

interface Held {
  streams: number;
  bytes: number;
}

interface Watching {
  readonly limits: StreamLimits;
  readonly connections: Connections;
}

function roomOf(
  held: Held,
  { session }: ServerHttp2Stream,
  { limits, connections }: Watching,
): Refusal | undefined {
  const own = connections.get(session);
  const hasRoom =
    held.streams < limits.streams && (own?.streams ?? 0) < limits.streamsPerConnection;
  return hasRoom ? undefined : full("too many calls are in progress");
}

function full(what: string): Refusal {
  const details = `${what}: ask another verifier, or retry later`;
  return { code: status.RESOURCE_EXHAUSTED, details, isPassing: true };
}

/** Counts a stream and what arrives of its request, and ends it if that is too much or takes too long. */
function watch(
  stream: ServerHttp2Stream,
  { held, limits, connections }: Watching & { readonly held: Held },
): void {
  const { session } = stream;
  const own = connections.streamOpened(session);
  held.streams++;
  let bytes = 0;
  const forget = () => {
    clearTimeout(timer);
    held.bytes -= bytes;
    own.bytes -= bytes;
    bytes = 0;
    stream.removeListener("data", count);
  };
  const count = (chunk: Buffer) => {
    bytes += chunk.length;
    held.bytes += chunk.length;
    own.bytes += chunk.length;
    if (held.bytes <= limits.bytes && own.bytes <= limits.bytesPerConnection) return;
    forget();
    refuse(stream, full("too many bytes are arriving"));
  };
  const timer = setTimeout(() => {
    forget();
    const details = `the request did not arrive within ${limits.requestMs} ms`;
    refuse(stream, { code: status.DEADLINE_EXCEEDED, details });
  }, limits.requestMs);
  stream.on("data", count);
  stream.once("end", forget);
  stream.once("close", () => {
    forget();
    held.streams--;
    connections.streamClosed(session, own);
  });
}

function refuse(stream: ServerHttp2Stream, { code, details, isPassing }: Refusal): void {
  stream.on("error", () => undefined);
  if (!stream.headersSent && !stream.destroyed && !stream.closed) {
    const retry = isPassing ? retryAfter(RETRY_AFTER_MS).toHttp2Headers() : {};
    stream.respond(
      {
        ":status": 200,
        "content-type": "application/grpc+proto",
        "grpc-status": String(code),
        "grpc-message": encodeURI(details),
        ...retry,
      },
      { endStream: true },
    );
  }
  // Without this the client could go on sending its request.
  stream.close();
}

/** The HTTP/2 servers below a gRPC server that is bound. */
function http2ServersOf(server: Server): readonly (Http2Server | Http2SecureServer)[] {
  const servers: unknown = Reflect.get(server, "http2Servers");
  const found = servers instanceof Map ? [...servers.keys()].filter(isHttp2Server) : [];
  if (found.length > 0) return found;
  throw new Error("this version of @grpc/grpc-js does not show its HTTP/2 servers");
}

function isHttp2Server(one: unknown): one is Http2Server | Http2SecureServer {
  return one instanceof EventEmitter && one.listenerCount("stream") > 0;
}
