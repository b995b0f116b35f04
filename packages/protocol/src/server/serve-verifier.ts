import { fileURLToPath } from "node:url";
import { Server, ServerCredentials, type ServiceDefinition } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { ReflectionService } from "@grpc/reflection";
import type { Trie } from "@nightbeam/catalogue";
import type { Scoring } from "@nightbeam/decoding";
import { reasonOf } from "@nightbeam/service/log";
import { noMetrics, type Recorder } from "@nightbeam/telemetry";
import { HealthImplementation, protoPath as healthProto } from "grpc-health-check";
import { channelOptions, pem, type TlsFiles } from "../channel-options.js";
import { ProtocolError } from "../errors.js";
import {
  type SearchResponse,
  VerifierService,
  type VerifyResponse,
} from "../generated/nightbeam/verifier/v1/verifier.js";
import { identityMessage } from "../identity.js";
import { type CallLimits, limitsOf, maxRequestBytes } from "../limits.js";
import { callMethod } from "./call-method.js";
import { describeMethod } from "./describe-method.js";
import { guard } from "./gate.js";
import type { VerifyHandler } from "./handler.js";
import { searchMethod, verifyMethod } from "./model-methods.js";
import { OpenCalls } from "./open-calls.js";
import { type StreamLimits, streamLimitsOf } from "./stream-limits.js";

/** The directory proto/ of this package, relative to both src/server and dist/server. */
const PROTO = new URL("../../proto/", import.meta.url);

export interface ServeOptions {
  readonly handler: VerifyHandler;
  readonly trie: Trie;
  /** SHA-256 of the target, in hex. */
  readonly target: string;
  /** Content hash of the catalogue, in hex. */
  readonly catalogue: string;
  readonly scoring: Scoring;
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  readonly limits?: Partial<CallLimits>;
  /** Default: see `streamLimitsOf`. */
  readonly streamLimits?: Partial<StreamLimits>;
  /** With `ca`, clients need a certificate that it has signed. Without `tls`, plain text. */
  readonly tls?: TlsFiles;
  /** Counts bytes. Default: they are not counted. */
  readonly metrics?: Recorder;
}

/** A running server. */
export interface ServedVerifier {
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

/** The names of the verifier in the health service; the empty one stands for the whole server. */
const HEALTH_NAMES = ["", "nightbeam.verifier.v1.Verifier"];
/** How long clients may take to disconnect after the last call. */
const HANG_UP_MS = 500;
/** How long an aborted call may take to answer its client. */
const ABORT_MS = 200;

/**
 * Serves a verifier over gRPC, with health and reflection.
 *
 * @throws ProtocolError BAD_OPTION if the port cannot be used or an option is invalid
 */
export async function serveVerifier(options: ServeOptions): Promise<ServedVerifier> {
  const limits = limitsOf(options.limits);
  const identity = identityMessage(options);
  const { handler, trie } = options;
  const calls = new OpenCalls();
  const streamLimits = streamLimitsOf(maxRequestBytes(limits), options.streamLimits);
  const server = new Server({
    ...channelOptions({
      messageBytes: limits.messageBytes,
      keepaliveMs: 10_000,
      keepaliveTimeoutMs: 5_000,
    }),
    "grpc.max_receive_message_length": maxRequestBytes(limits),
    "grpc.max_concurrent_streams": streamLimits.streamsPerConnection,
  });
  const setup = { handler, trie, identity, limits, calls };
  server.addService(countedService(options.metrics ?? noMetrics), {
    verify: callMethod(setup, verifyMethod(setup)),
    search: callMethod(setup, searchMethod(setup)),
    describe: describeMethod(setup),
  });
  const health = new HealthImplementation();
  const setHealth = (state: "SERVING" | "NOT_SERVING") => {
    for (const name of HEALTH_NAMES) health.setStatus(name, state);
  };
  health.addToServer(server);
  addReflection(server);
  const port = await bind(server, options).catch((error: unknown) => {
    server.forceShutdown();
    throw error;
  });
  guard(server, { limits: streamLimits, needDeadline: NEED_DEADLINE });
  setHealth("SERVING");

  const drain = async (graceMs: number) => {
    setHealth("NOT_SERVING");
    calls.refuse();
    if (!(await calls.idle(graceMs))) {
      calls.abortAll(new ProtocolError("DRAINING", "this verifier is shutting down"));
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
      calls.abortAll(new ProtocolError("DRAINING", "this verifier is shutting down"));
      down ??= drain(0);
      await down;
    },
  };
}

/** The methods that ask the model. */
const NEED_DEADLINE: ReadonlySet<string> = new Set([
  VerifierService.verify.path,
  VerifierService.search.path,
]);

/**
 * The generated service, but with requests as bytes: `callMethod` decodes them and reports what is wrong. Counts the
 * bytes of both ways.
 */
function countedService(metrics: Recorder): ServiceDefinition {
  const sent = (bytes: Buffer) => {
    metrics.add("nightbeam.verifier.io", bytes.length, { direction: "sent" });
    return bytes;
  };
  const received = (bytes: Buffer) => {
    metrics.add("nightbeam.verifier.io", bytes.length, { direction: "received" });
    return bytes;
  };
  const { verify, search } = VerifierService;
  return {
    ...VerifierService,
    verify: {
      ...verify,
      requestDeserialize: received,
      responseSerialize: (value: VerifyResponse) => sent(verify.responseSerialize(value)),
    },
    search: {
      ...search,
      requestDeserialize: received,
      responseSerialize: (value: SearchResponse) => sent(search.responseSerialize(value)),
    },
  };
}

function bind(server: Server, { host, port, tls }: ServeOptions): Promise<number> {
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
function addReflection(server: Server): void {
  const directory = fileURLToPath(PROTO);
  const definition = loadSync(["nightbeam/verifier/v1/verifier.proto", healthProto], {
    keepCase: true,
    includeDirs: [directory],
  });
  new ReflectionService(definition).addToServer(server);
}
