import type { ServiceDefinition } from "@grpc/grpc-js";
import type { Trie } from "@nightbeam/catalogue";
import type { Scoring } from "@nightbeam/decoding";
import { noMetrics, type Recorder } from "@nightbeam/telemetry";
import type { TlsFiles } from "../channel-options.js";
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
import { type GrpcServer, openGrpcServer } from "./grpc-server.js";
import type { VerifyHandler } from "./handler.js";
import { searchMethod, verifyMethod } from "./model-methods.js";
import { OpenCalls } from "./open-calls.js";
import { type StreamLimits, streamLimitsOf } from "./stream-limits.js";

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

/** A verifier that is served. */
export type ServedVerifier = GrpcServer;

/**
 * Serves a verifier over gRPC, with health and reflection.
 *
 * @throws ProtocolError BAD_OPTION if the port cannot be used or an option is invalid
 */
export async function serveVerifier(options: ServeOptions): Promise<ServedVerifier> {
  const { handler, trie, host, port, tls } = options;
  const limits = limitsOf(options.limits);
  const requestBytes = maxRequestBytes(limits);
  const calls = new OpenCalls("this verifier is shutting down: ask another one");
  const setup = { handler, trie, identity: identityMessage(options), limits, calls };
  return openGrpcServer({
    name: "nightbeam.verifier.v1.Verifier",
    proto: "nightbeam/verifier/v1/verifier.proto",
    definition: countedService(options.metrics ?? noMetrics),
    methods: {
      verify: callMethod(setup, verifyMethod(setup)),
      search: callMethod(setup, searchMethod(setup)),
      describe: describeMethod(setup),
    },
    calls,
    closing: new ProtocolError("DRAINING", "this verifier is shutting down"),
    maxRequestBytes: requestBytes,
    maxResponseBytes: limits.messageBytes,
    streamLimits: streamLimitsOf(requestBytes, options.streamLimits),
    needDeadline: NEED_DEADLINE,
    ...{ host, port, tls },
  });
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
