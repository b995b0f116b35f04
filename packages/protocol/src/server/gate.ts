import { EventEmitter } from "node:events";
import type {
  Http2SecureServer,
  Http2Server,
  Http2Session,
  IncomingHttpHeaders,
  ServerHttp2Stream,
} from "node:http2";
import { type Server, status } from "@grpc/grpc-js";
import { retryAfter } from "../metadata.js";
import { Connections } from "./connections.js";
import { type OpenStream, OpenStreams } from "./open-streams.js";
import type { StreamLimits } from "./stream-limits.js";

/** Milliseconds after which a client that was refused for lack of room may come again. */
const RETRY_AFTER_MS = 200;

type StreamEvent = [stream: ServerHttp2Stream, headers: IncomingHttpHeaders, ...rest: unknown[]];

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
  const watching = {
    limits,
    streams: new OpenStreams(limits),
    connections: new Connections(limits),
  };
  for (const http2Server of http2ServersOf(server)) {
    const handlers = http2Server.listeners("stream");
    http2Server.removeAllListeners("stream");
    http2Server.on("connection", (socket) => watching.connections.opened(socket));
    http2Server.on("session", (session: Http2Session) => watching.connections.began(session));
    http2Server.on("stream", (...event: StreamEvent) => {
      const [stream, headers] = event;
      const refusal = refusalOf(headers, needDeadline) ?? watch(stream, watching);
      if (refusal !== undefined) refuse(stream, refusal);
      else for (const handler of handlers) Reflect.apply(handler, http2Server, event);
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

interface Watching {
  readonly limits: StreamLimits;
  readonly streams: OpenStreams;
  readonly connections: Connections;
}

/** Counts a stream and what arrives of its request, and ends it if that takes too long. @returns if there is no room */
function watch(
  stream: ServerHttp2Stream,
  { limits, streams, connections }: Watching,
): Refusal | undefined {
  const { session } = stream;
  if (!streams.makeRoom(connections.get(session))) return full("too many calls are in progress");
  const end = (refusal: Refusal) => {
    streams.remove(open);
    refuse(stream, refusal);
  };
  const connection = connections.streamOpened(session);
  const evict = (what: string) => end(full(what));
  const open: OpenStream = { connection, bytes: 0, isComplete: false, evict };
  streams.add(open);
  const timer = setTimeout(() => {
    const details = `the request did not arrive within ${limits.requestMs} ms`;
    end({ code: status.DEADLINE_EXCEEDED, details });
  }, limits.requestMs);
  stream.on("data", (chunk: Buffer) => {
    if (!open.isComplete) streams.received(open, chunk.length);
  });
  stream.once("end", () => {
    clearTimeout(timer);
    streams.complete(open);
  });
  // Answered before the request was complete: without this, the client could go on sending it.
  stream.once("finish", () => {
    if (!open.isComplete) stream.close();
  });
  stream.once("close", () => {
    clearTimeout(timer);
    streams.remove(open);
    connections.streamClosed(session, connection);
  });
  return undefined;
}

function full(what: string): Refusal {
  const details = `${what}: ask another verifier, or retry later`;
  return { code: status.RESOURCE_EXHAUSTED, details, isPassing: true };
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
