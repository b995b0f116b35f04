import { fileURLToPath } from "node:url";
import {
  Server,
  ServerCredentials,
  type ServiceDefinition,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { ReflectionService } from "@grpc/reflection";
import { reasonOf } from "@nightbeam/service/log";
import { HealthImplementation, protoPath as healthProto } from "grpc-health-check";
import { channelOptions, pem, type TlsFiles } from "../channel-options.js";
import { ProtocolError } from "../errors.js";
import { guard } from "./gate.js";
import type { OpenCalls } from "./open-calls.js";
import type { StreamLimits } from "./stream-limits.js";

/** The directory proto/ of this package, relative to both src/server and dist/server. */
const PROTO = new URL("../../proto/", import.meta.url);

export interface GrpcServerOptions {
  /** The full name of the service, for health and reflection. */
  readonly name: string;
  /** Its file in proto/. */
  readonly proto: string;
  readonly definition: ServiceDefinition;
  readonly methods: UntypedServiceImplementation;
  /** Its calls in progress. */
  readonly calls: OpenCalls;
  /** Why calls are aborted when the server closes. */
  readonly closing: ProtocolError;
  readonly maxRequestBytes: number;
  readonly maxResponseBytes: number;
  readonly streamLimits: StreamLimits;
  /** Paths of methods that are refused without a deadline. */
  readonly needDeadline: ReadonlySet<string>;
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  /** With `ca`, clients need a certificate that it has signed. Without `tls`, plain text. */
  readonly tls?: TlsFiles | undefined;
}

/** A running server. */
export interface GrpcServer {
  readonly port: number;
  /** The number of calls in progress. */
  readonly openCalls: number;
  /**
   * Shuts down: health says NOT_SERVING, new calls are refused with UNAVAILABLE, calls in progress may finish within
   * `graceMs`. Then the others are aborted and the server is closed.
   */
  drain(graceMs: number): Promise<void>;
  /** Shuts down at once: calls in progress are aborted. */
  close(): Promise<void>;
}

/** How long clients may take to disconnect after the last call. */
const HANG_UP_MS = 500;
/** How long an aborted call may take to answer its client. */
const ABORT_MS = 200;

/**
 * Serves a gRPC service, with health and reflection.
 *
 * @throws ProtocolError BAD_OPTION if the port cannot be used or an option is invalid
 */
export async function openGrpcServer(options: GrpcServerOptions): Promise<GrpcServer> {
  const { calls, closing, streamLimits, needDeadline, maxRequestBytes } = options;
  const server = new Server({
    ...channelOptions({
      messageBytes: options.maxResponseBytes,
      keepaliveMs: 10_000,
      keepaliveTimeoutMs: 5_000,
    }),
    "grpc.max_receive_message_length": maxRequestBytes,
    "grpc.max_concurrent_streams": streamLimits.streamsPerConnection,
  });
  server.addService(options.definition, options.methods);
  const health = new HealthImplementation();
  const setHealth = (state: "SERVING" | "NOT_SERVING") => {
    // The empty name stands for the whole server.
    for (const name of ["", options.name]) health.setStatus(name, state);
  };
  health.addToServer(server);
  addReflection(server, options.proto);
  const port = await bind(server, options).catch((error: unknown) => {
    server.forceShutdown();
    throw error;
  });
  guard(server, { limits: streamLimits, needDeadline });
  setHealth("SERVING");

  const drain = async (graceMs: number) => {
    setHealth("NOT_SERVING");
    calls.refuse();
    if (!(await calls.idle(graceMs))) {
      calls.abortAll(closing);
      await calls.idle(ABORT_MS);
    }
    await shutDown(server);
  };
  let down: Promise<void> | undefined;
  return {
    port,
    get openCalls() {
      return calls.count;
    },
    drain: (graceMs) => {
      down ??= drain(graceMs);
      return down;
    },
    close: async () => {
      calls.refuse();
      calls.abortAll(closing);
      down ??= drain(0);
      await down;
    },
  };
}

function bind(
  server: Server,
  { host, port, tls }: Pick<GrpcServerOptions, "host" | "port" | "tls">,
): Promise<number> {
  const address = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  return new Promise((resolve, reject) => {
    server.bindAsync(address, credentialsOf(tls), (error, bound) => {
      if (error === null) return resolve(bound);
      const what = `cannot listen on ${address}: ${reasonOf(error)}. Use another host or port.`;
      reject(new ProtocolError("BAD_OPTION", what, { cause: error }));
    });
  });
}

function credentialsOf(tls: TlsFiles | undefined): ServerCredentials {
  if (tls === undefined) return ServerCredentials.createInsecure();
  const { ca } = tls;
  const [cert, key] = [pem(tls.cert), pem(tls.key)];
  if (cert === null || key === null) {
    throw new ProtocolError("BAD_OPTION", "TLS needs a certificate and its key: give both");
  }
  const pairs = [{ cert_chain: cert, private_key: key }];
  return ServerCredentials.createSsl(pem(ca), pairs, ca !== undefined);
}

/** Waits for clients to disconnect, then closes the server. */
async function shutDown(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    const late = setTimeout(() => server.forceShutdown(), HANG_UP_MS);
    server.tryShutdown(() => {
      clearTimeout(late);
      resolve();
    });
  });
  server.forceShutdown();
}

/** Adds server reflection, for tools such as grpcurl. */
function addReflection(server: Server, proto: string): void {
  const directory = fileURLToPath(PROTO);
  const definition = loadSync([proto, healthProto], { keepCase: true, includeDirs: [directory] });
  new ReflectionService(definition).addToServer(server);
}
